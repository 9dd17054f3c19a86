//! TLS for both ends of a connection: certificates by file, followed when they change, authorities
//! by file or from the system, and a local authority that makes certificates.
//!
//! Invariants: a server with a certificate takes no plain connection; a client checks the server's
//! name and certificate always. Versions 1.2 and 1.3 with rustls' default cipher suites.

mod acceptor;
mod authority;
mod error;
mod stream;
mod trust;

pub use acceptor::Acceptor;
pub use authority::{Authority, ServerFiles};
pub use error::TlsError;
pub use stream::Stream;
pub use trust::Trust;
