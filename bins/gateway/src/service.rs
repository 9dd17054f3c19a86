//! The fleet's service as it was last announced to the players of this gateway.

use std::sync::{Mutex, PoisonError};
use wire::client::Service;

/// The service that was last announced to the players of this gateway.
#[derive(Debug)]
pub(crate) struct AnnouncedService(Mutex<Service>);

impl Default for AnnouncedService {
    fn default() -> Self {
        Self(Mutex::new(Service::WHOLE))
    }
}

impl AnnouncedService {
    /// Returns the service that was last announced.
    pub(crate) fn now(&self) -> Service {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the service that is announced now.
    pub(crate) fn set(&self, service: Service) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = service;
    }
}
