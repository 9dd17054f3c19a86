//! The server's addresses and the process' name: the part of the command line that all roles share.

use crate::BusError;
use std::path::PathBuf;
use wire::NodeId;

/// The name of the administrator's NATS user.
pub const ADMIN: &str = "admin";

/// The settings of a connection.
#[derive(Clone)]
pub struct Options {
    /// Addresses, tried in random order.
    pub urls: Vec<String>,
    /// The NATS user.
    pub user: String,
    /// The user's password; `None` for a server without users.
    pub password: Option<String>,
    /// File with the certificates of the servers' authorities; with it the connection needs TLS.
    pub ca: Option<PathBuf>,
    /// The role's name or [`ADMIN`]: the inbox prefix is `_INBOX_<name>`.
    pub name: String,
    /// The process' name, for the server's list of connections.
    pub node: String,
}

impl Options {
    /// Returns the options of a connection as a NATS user, a role or [`ADMIN`], to the servers at
    /// these addresses (comma separated).
    #[must_use]
    pub fn new(urls: &str, user: &str, password: Option<&str>, node: &str) -> Self {
        Self {
            urls: urls.split(',').map(str::to_owned).collect(),
            user: user.to_owned(),
            password: password.map(str::to_owned),
            ca: None,
            name: user.to_owned(),
            node: node.to_owned(),
        }
    }
}

/// Command line options of every role, to be flattened into its own.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "bus")] // the default, the type's name, would clash with a role's own `Args`
pub struct Args {
    /// Address of a NATS server; several are separated by commas.
    #[arg(long, env = "NATS_URL", value_delimiter = ',', default_value = "nats://127.0.0.1:4222")]
    pub nats_url: Vec<String>,
    /// NATS user [default: the role's name].
    #[arg(long, env = "NATS_USER")]
    pub nats_user: Option<String>,
    /// File whose first line is the NATS password (instead of NATS_PASSWORD).
    #[arg(long, env = "NATS_PASSWORD_FILE")]
    pub nats_password_file: Option<PathBuf>,
    /// File with the certificates of the NATS servers' authorities, in PEM form: with it only
    /// servers with TLS and a certificate of theirs are accepted.
    #[arg(long, env = "NATS_CA_FILE")]
    pub nats_ca: Option<PathBuf>,
    /// Name of this process, unique in the fleet, of a-z, 0-9 and '-' [default: role and process
    /// id].
    #[arg(long, env = "NODE_NAME")]
    pub node: Option<String>,
}

impl Args {
    /// Returns the node's name: as given, else role and process id.
    ///
    /// # Errors
    /// When the given name is not a subject token.
    pub fn node_id(&self, name: &str) -> Result<NodeId, BusError> {
        let text = match &self.node {
            Some(node) => node.clone(),
            None => format!("{name}-{}", std::process::id()),
        };
        Ok(text.parse()?)
    }

    /// Returns the settings of a connection under `name` (a role's or [`ADMIN`]).
    ///
    /// # Errors
    /// When the password file cannot be read or the node's name is not a subject token.
    pub fn options(&self, name: &str) -> Result<Options, BusError> {
        Ok(Options {
            urls: self.nats_url.clone(),
            user: self.nats_user.clone().unwrap_or_else(|| name.to_owned()),
            password: self.password()?,
            ca: self.nats_ca.clone(),
            name: name.to_owned(),
            node: self.node_id(name)?.to_string(),
        })
    }

    /// Returns the password. The environment is read here and not by the command line parser, whose
    /// help would show the value.
    fn password(&self) -> Result<Option<String>, BusError> {
        if let Ok(password) = std::env::var("NATS_PASSWORD")
            && !password.is_empty()
        {
            return Ok(Some(password));
        }
        let Some(path) = &self.nats_password_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(path)
            .map_err(|source| BusError::PasswordFile { path: path.display().to_string(), source })?;
        Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Role {
        #[command(flatten)]
        bus: Args,
    }

    fn parse(args: &[&str]) -> Args {
        Role::parse_from(["role"].iter().chain(args)).bus
    }

    #[test]
    fn several_addresses_are_read_and_the_role_is_the_user() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "secret\nand no more\n").unwrap();
        let path = file.path().to_str().unwrap();
        let args = parse(&["--nats-url", "nats://a:1,nats://b:2", "--nats-password-file", path]);
        let options = args.options("gateway").unwrap();
        assert_eq!(options.urls, ["nats://a:1", "nats://b:2"]);
        assert_eq!((options.user.as_str(), options.password.as_deref()), ("gateway", Some("secret")));
        assert!(options.node.starts_with("gateway-"));
    }

    #[test]
    fn errors_name_the_bad_value() {
        let error = parse(&["--node", "Node 1"]).options("gateway").err().unwrap();
        assert!(error.to_string().contains("Node 1"), "{error}");
        let error = parse(&["--nats-password-file", "/nowhere"]).options("gateway").err().unwrap();
        assert!(error.to_string().contains("/nowhere"), "{error}");
    }
}
