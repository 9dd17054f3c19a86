//! Items of later versions in lists: a variant that this version does not know, anywhere in an item
//! of a list, leaves the rest of the message as it is. Checked for each name in each item of each
//! sample of the messages that have such lists, in both encodings.

use crate::{
    messages::{Message, Visitor, visit_all},
    samples::Samples,
};
use serde_json::Value;
use wire::codec::Encoding;

/// A name that no version has.
const LATER: &str = "OfALaterVersion";

/// The messages with lists whose items are read one by one.
const MESSAGES: &[&str] = &["ServerFrame", "TableReply", "WorkersAnswer", "CoordinatorsAnswer"];

/// A place in a document, from the outside in.
type Place = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item(usize),
}

/// A text that may be the name of a variant.
enum Name {
    /// At this place, of a variant without content.
    Alone(Place),
    /// Of a variant whose content is at this place.
    WithContent(Place),
}

impl Name {
    const fn place(&self) -> &Place {
        let (Self::Alone(place) | Self::WithContent(place)) = self;
        place
    }
}

/// Returns whether a text may be the name of a variant: two letters are a card, digits are bytes.
fn is_name(text: &str) -> bool {
    text.len() > 2 && !text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Finds all texts that may be names of variants.
fn names(document: &Value, at: &Place, found: &mut Vec<Name>) {
    let within = |step: Step| [at.clone(), vec![step]].concat();
    match document {
        Value::String(text) if is_name(text) => found.push(Name::Alone(at.clone())),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| names(item, &within(Step::Item(i)), found));
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                let place = within(Step::Field(field.clone()));
                names(value, &place, found);
                if fields.len() == 1 {
                    found.push(Name::WithContent(place));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn at<'a>(document: &'a mut Value, place: &[Step]) -> &'a mut Value {
    place.iter().fold(document, |value, step| match step {
        Step::Field(field) => &mut value[field],
        Step::Item(i) => &mut value[i],
    })
}

/// Returns the document with another name.
fn renamed(document: &Value, name: &Name) -> Value {
    let mut later = document.clone();
    match name {
        Name::Alone(place) => *at(&mut later, place) = LATER.into(),
        Name::WithContent(place) => {
            let Some((Step::Field(field), around)) = place.split_last() else { panic!("{place:?}") };
            let fields = at(&mut later, around).as_object_mut().unwrap();
            let content = fields.remove(field).unwrap();
            fields.insert(LATER.to_owned(), content);
        }
    }
    later
}

/// Returns the document as the reader should see it: events are kept as they came, other items are
/// left out.
fn expected(later: &Value, place: &Place) -> Value {
    let list = place.iter().position(|step| matches!(step, Step::Item(_))).unwrap();
    let mut expected = later.clone();
    let Step::Item(item) = place[list] else { panic!("{place:?}") };
    let is_events = matches!(&place[list - 1], Step::Field(field) if field == "events");
    if !is_events {
        at(&mut expected, &place[..list]).as_array_mut().unwrap().remove(item);
    }
    expected
}

#[derive(Default)]
struct Later {
    events: usize,
    others: usize,
}

impl Later {
    fn check<T: Message>(&mut self, later: &Value, place: &Place) {
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            let bytes = encoding.encode(later).unwrap();
            let Err(error) = encoding.decode::<T>(&bytes) else { return };
            let Ok(read) = encoding.decode_by_item::<T>(&bytes) else { panic!("{later}: {error}") };
            let expected = expected(later, place);
            assert_eq!(serde_json::to_value(&read).unwrap(), expected, "{place:?}");
            match &expected == later {
                true => self.events += 1,
                false => self.others += 1,
            }
        }
    }
}

impl Visitor for Later {
    fn visit<T: Message>(&mut self, name: &'static str, samples: Samples<T>) {
        if !MESSAGES.contains(&name) {
            return;
        }
        for (_, sample) in samples {
            let document = serde_json::to_value(&sample).unwrap();
            let mut found = Vec::new();
            names(&document, &Vec::new(), &mut found);
            let in_items = |name: &&Name| name.place().iter().any(|step| matches!(step, Step::Item(_)));
            for name in found.iter().filter(in_items) {
                self.check::<T>(&renamed(&document, name), name.place());
            }
        }
    }
}

#[test]
fn a_name_of_a_later_version_in_an_item_leaves_the_rest_of_the_message() {
    let mut later = Later::default();
    visit_all(&mut later);
    assert!(later.events > 50, "{} events", later.events);
    assert!(later.others > 20, "{} other items", later.others);
}
