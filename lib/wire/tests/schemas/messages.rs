//! All messages that cross a process boundary, under the names of their files.

use crate::samples::{self, Samples};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fmt::Debug;

/// The traits that each message has.
pub trait Message: Serialize + DeserializeOwned + JsonSchema + PartialEq + Debug {}
impl<T: Serialize + DeserializeOwned + JsonSchema + PartialEq + Debug> Message for T {}

/// A visitor of all types of messages.
pub trait Visitor {
    /// Visits a type, with its name and the samples that cover it.
    fn visit<T: Message>(&mut self, name: &'static str, samples: Samples<T>);
}

/// Calls the visitor for each message.
pub fn visit_all(visitor: &mut impl Visitor) {
    visitor.visit("ClientFrame", samples::client::client_frames());
    visitor.visit("ServerFrame", samples::server::server_frames());
    visitor.visit("TableRequest", samples::table::requests());
    visitor.visit("TableReply", samples::table::replies());
    visitor.visit("FeedMessage", samples::table::news());
    visitor.visit("WorkersQuery", samples::table::queries());
    visitor.visit("WorkersAnswer", samples::table::answers());
    visitor.visit("TournamentRequest", samples::tournament::requests());
    visitor.visit("TournamentReply", samples::tournament::replies());
    visitor.visit("CoordinatorsQuery", samples::tournament::queries());
    visitor.visit("CoordinatorsAnswer", samples::tournament::answers());
    visitor.visit("ArchiveQuery", samples::archive::queries());
    visitor.visit("ArchiveAnswer", samples::archive::answers());
    visitor.visit("SessionRequest", samples::cashier::sessions());
    visitor.visit("TableMoneyRequest", samples::cashier::table_money());
    visitor.visit("TournamentMoneyRequest", samples::cashier::tournament_money());
    visitor.visit("AdminRequest", samples::cashier::admin());
    visitor.visit("CashierReply", samples::cashier::replies());
    visitor.visit("PassKeys", samples::cashier::pass_keys());
    visitor.visit("BotAsk", samples::fleet::bot_asks());
    visitor.visit("Heartbeat", samples::fleet::heartbeats());
    visitor.visit("Drain", samples::fleet::drains());
    visitor.visit("Notice", samples::fleet::notices());
    visitor.visit("TableRecord", samples::journal::table_records());
    visitor.visit("TournamentRecord", samples::journal::tournament_records());
}

/// Returns the JSON Schema (2020-12) of a message, with its name as title.
pub fn schema_of<T: Message>(name: &str) -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), name.into());
    schema.to_value()
}

/// Returns a document as text for a file: indented, and with sorted keys for all features of
/// `serde_json`.
pub fn file_text(document: &impl Serialize) -> String {
    let mut document = serde_json::to_value(document).unwrap();
    document.sort_all_objects();
    serde_json::to_string_pretty(&document).unwrap() + "\n"
}
