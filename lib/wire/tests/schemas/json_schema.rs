//! The files `schemas/json/*.json` fit the types.

use crate::{
    HOW_TO_UPDATE,
    messages::{Message, Visitor, file_text, schema_of, visit_all},
    samples::Samples,
    schemas_dir, updating,
};
use std::{collections::BTreeSet, fs};

#[derive(Default)]
struct Files {
    names: BTreeSet<String>,
    stale: Vec<String>,
}

impl Visitor for Files {
    fn visit<T: Message>(&mut self, name: &'static str, _: Samples<T>) {
        let file = format!("{name}.json");
        let path = schemas_dir().join("json").join(&file);
        let text = file_text(&schema_of::<T>(name));
        if updating() {
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            self.stale.push(file.clone());
        }
        self.names.insert(file);
    }
}

#[test]
fn json_schema_files_are_current() {
    let mut files = Files::default();
    visit_all(&mut files);
    assert!(
        files.stale.is_empty(),
        "files of schemas/json differ from the types: {:?}; {HOW_TO_UPDATE}",
        files.stale
    );
    let present: BTreeSet<String> = fs::read_dir(schemas_dir().join("json"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(present, files.names, "schemas/json has files of no message");
}
