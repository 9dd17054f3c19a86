//! Declares the commands of players once, and generates the forms in which they are sent: in the
//! client protocol, each command names its table; in a request to a table, commands that are shown
//! to others carry the player's display name.

/// Declares [`PlayerCommand`](super::PlayerCommand) and its two forms on the wire. `[name]` marks a
/// command with which the table shows the player's display name.
macro_rules! declare {
    ($(
        $(#[$doc:meta])*
        $command:ident $({
            $([$name:ident])?
            $($(#[doc = $about:literal])* $(#[serde($($serde:tt)*)])? $field:ident: $type:ty,)*
        })?,
    )*) => {
        /// The commands of players to a table. The client sends them to a gateway
        /// ([`ClientMessage::Command`](crate::client::ClientMessage::Command)), and the gateway
        /// sends them to the table ([`TableCommand::Player`](crate::table::TableCommand::Player)).
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum PlayerCommand {
            $($(#[$doc])* $command $({ $($(#[doc = $about])* $field: $type,)* })?,)*
        }

        impl PlayerCommand {
            /// The names of all commands, as on the wire.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($command)),*];
        }

        /// A command in the client protocol.
        #[derive(Serialize, Deserialize, JsonSchema)]
        pub(crate) enum AtTable {
            $($(#[$doc])* $command {
                /// The table.
                table: TableId,
                $($($(#[doc = $about])* $(#[serde($($serde)*)])? $field: $type,)*)?
            },)*
        }

        impl From<(TableId, PlayerCommand)> for AtTable {
            fn from((table, command): (TableId, PlayerCommand)) -> Self {
                match command {
                    $(PlayerCommand::$command $({ $($field),* })? => Self::$command { table, $($($field),*)? },)*
                }
            }
        }

        impl From<AtTable> for (TableId, PlayerCommand) {
            fn from(command: AtTable) -> Self {
                match command {
                    $(AtTable::$command { table, $($($field),*)? } => {
                        (table, PlayerCommand::$command $({ $($field),* })?)
                    })*
                }
            }
        }

        /// A command in a request to a table.
        #[derive(Serialize, Deserialize, JsonSchema)]
        pub(crate) enum Named {
            $($(#[$doc])* $command $({
                $(#[doc = "Display name."] $name: String,)?
                $($(#[doc = $about])* $(#[serde($($serde)*)])? $field: $type,)*
            })?,)*
        }

        impl From<(&str, PlayerCommand)> for Named {
            #[allow(unused_variables, reason = "most commands show no name")]
            fn from((shown, command): (&str, PlayerCommand)) -> Self {
                match command {
                    $(PlayerCommand::$command $({ $($field),* })? => {
                        Self::$command $({ $($name: shown.to_owned(),)? $($field),* })?
                    })*
                }
            }
        }

        impl From<Named> for (String, PlayerCommand) {
            fn from(command: Named) -> Self {
                match command {
                    $(Named::$command $({ $($name,)? $($field),* })? => {
                        let shown = [$($($name)?)?].into_iter().next().unwrap_or_default();
                        (shown, PlayerCommand::$command $({ $($field),* })?)
                    })*
                }
            }
        }
    };
}
