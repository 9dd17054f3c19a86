//! Walks a value along its JSON Schema, and finds its variants, fields and structures. Checks that
//! the value fits the schema, for those constructs that this crate's types lead to; it panics at
//! others.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A structure (not the wrapper of a variant) within a value.
pub struct Structure {
    /// Its place, as a JSON pointer.
    pub pointer: String,
    /// Fields that may be missing, with their values then (null if the schema names none).
    pub optional: Vec<(String, Value)>,
}

/// The result of a walk.
#[derive(Default)]
pub struct Found {
    /// `Enum::Variant` and `Structure.field`, fields only if they are not empty.
    pub seen: BTreeSet<String>,
    /// All structures.
    pub structures: Vec<Structure>,
}

/// A root schema.
pub struct Schema<'a>(pub &'a Value);

impl<'a> Schema<'a> {
    /// Walks a value.
    pub fn walk(&self, value: &Value) -> Found {
        let mut found = Found::default();
        let title = self.0["title"].as_str().unwrap();
        self.step(title, self.0, value, "", &mut found);
        found
    }

    /// Returns all that samples have to cover: each variant and each field of each definition.
    pub fn all(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        inventory(self.0["title"].as_str().unwrap(), self.0, &mut all);
        if let Some(definitions) = self.0.get("$defs").and_then(Value::as_object) {
            for (name, definition) in definitions {
                inventory(name, definition, &mut all);
            }
        }
        all
    }

    fn resolve(&self, reference: &str) -> (String, &'a Value) {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        (name.to_owned(), &self.0["$defs"][name])
    }

    fn step(&self, name: &str, schema: &'a Value, value: &Value, at: &str, found: &mut Found) {
        if let Some(reference) = schema.get("$ref") {
            let (name, schema) = self.resolve(reference.as_str().unwrap());
            return self.step(&name, schema, value, at, found);
        }
        if let Some(branches) = branches(schema) {
            return self.variant(name, branches, value, at, found);
        }
        if let Some(either) = schema.get("anyOf").and_then(Value::as_array) {
            // An optional value: itself or null.
            let other = either.iter().find(|branch| branch["type"] != "null");
            if !value.is_null() {
                self.step(name, other.unwrap(), value, at, found);
            }
            return;
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            return self.structure(name, schema, properties, value, at, found);
        }
        if let Some(items) = value.as_array() {
            assert!(has_type(schema, "array"), "{at}: no list in {schema}");
            for (i, item) in items.iter().enumerate() {
                self.step(name, &schema["items"], item, &format!("{at}/{i}"), found);
            }
            return;
        }
        check_leaf(schema, value, at);
    }

    fn variant(&self, name: &str, branches: &'a [Value], value: &Value, at: &str, found: &mut Found) {
        let tag = match value {
            Value::String(tag) => tag,
            Value::Object(wrapper) if wrapper.len() == 1 => wrapper.keys().next().unwrap(),
            _ => panic!("{at}: {value} is no variant of {name}"),
        };
        let content = branches.iter().find_map(|branch| branch["properties"].get(tag));
        found.seen.insert(format!("{name}::{tag}"));
        match (content, value) {
            (Some(content), Value::Object(wrapper)) => {
                let name = format!("{name}::{tag}");
                self.step(&name, content, &wrapper[tag], &format!("{at}/{tag}"), found);
            }
            (None, Value::String(_)) => {
                let known = branches.iter().any(|branch| unit_tags(branch).contains(tag));
                assert!(known, "{at}: {name} has no variant {tag}");
            }
            _ => panic!("{at}: {value} has not the form of {name}::{tag}"),
        }
    }

    fn structure(
        &self,
        name: &str,
        schema: &'a Value,
        properties: &'a Map<String, Value>,
        value: &Value,
        at: &str,
        found: &mut Found,
    ) {
        let Some(fields) = value.as_object() else {
            panic!("{at}: {value} is no {name}");
        };
        let required: Vec<&str> = schema["required"]
            .as_array()
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for field in &required {
            assert!(fields.contains_key(*field), "{at}: {name} lacks {field}");
        }
        for (field, content) in fields {
            let schema = properties.get(field).unwrap_or_else(|| panic!("{at}: {name} has no field {field}"));
            if !content.is_null() {
                found.seen.insert(format!("{name}.{field}"));
            }
            self.step(&format!("{name}.{field}"), schema, content, &format!("{at}/{field}"), found);
        }
        let optional = properties
            .iter()
            .filter(|(field, _)| !required.contains(&field.as_str()))
            .map(|(field, schema)| (field.clone(), schema["default"].clone()));
        found.structures.push(Structure { pointer: at.to_owned(), optional: optional.collect() });
    }
}

/// Returns the variants' schemas, if this is the schema of an enum.
fn branches(schema: &Value) -> Option<&[Value]> {
    if schema.get("enum").is_some() {
        return Some(std::slice::from_ref(schema));
    }
    schema.get("oneOf")?.as_array().map(Vec::as_slice)
}

/// Returns the names of the variants without content in one branch.
fn unit_tags(branch: &Value) -> Vec<String> {
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    [texts(&branch["const"]), texts(&branch["enum"])].concat()
}

fn inventory(name: &str, schema: &Value, all: &mut BTreeSet<String>) {
    if let Some(branches) = branches(schema) {
        for branch in branches {
            for tag in unit_tags(branch) {
                all.insert(format!("{name}::{tag}"));
            }
            for (tag, content) in branch["properties"].as_object().into_iter().flatten() {
                let name = format!("{name}::{tag}");
                inventory(&name, content, all);
                all.insert(name);
            }
        }
    } else if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        all.extend(properties.keys().map(|field| format!("{name}.{field}")));
    }
}

fn has_type(schema: &Value, wanted: &str) -> bool {
    match &schema["type"] {
        Value::String(found) => found == wanted,
        Value::Array(types) => types.iter().any(|found| found == wanted),
        // A schema without a type accepts all values.
        _ => true,
    }
}

fn check_leaf(schema: &Value, value: &Value, at: &str) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(has_type(schema, kind), "{at}: {value} does not fit {schema}");
}
