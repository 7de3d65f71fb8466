//! Request ids of calls that wait before they are carried out: nothing else is carried out under them meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::{Command, ManusId, RequestId};

use crate::fingerprint::fingerprint;

/// Whose, and which.
type Name = (Option<ManusId>, RequestId);

/// What the calls under one request id ask for, and how many of them wait.
#[derive(Debug)]
struct Waiting {
    fingerprint: u64,
    calls: usize,
}

/// The request ids of all calls that wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reservations(Arc<Mutex<HashMap<Name, Waiting>>>);

/// Keeps a request id for a call, until it is dropped.
#[derive(Debug)]
pub struct Reserved {
    all: Reservations,
    name: Name,
}

impl Reservations {
    /// Keeps a request id for this command. `None` when another one waits under it.
    pub(crate) fn reserve(&self, command: &Command, request_id: &RequestId) -> Option<Reserved> {
        let (name, fingerprint) = (name(command, request_id), fingerprint(command));
        let mut all = self.lock();
        let waiting = all.entry(name.clone()).or_insert(Waiting { fingerprint, calls: 0 });
        if waiting.fingerprint != fingerprint {
            return None;
        }
        waiting.calls += 1;
        drop(all);
        Some(Reserved { all: self.clone(), name })
    }

    /// Whether another command waits under a request id.
    pub(crate) fn is_taken(&self, command: &Command, request_id: &RequestId, fingerprint: u64) -> bool {
        let all = self.lock();
        let waiting = if all.is_empty() { None } else { all.get(&name(command, request_id)) };
        waiting.is_some_and(|waiting| waiting.fingerprint != fingerprint)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(waiting) = all.get_mut(&self.name) {
            waiting.calls -= 1;
            if waiting.calls == 0 {
                all.remove(&self.name);
            }
        }
    }
}

fn name(command: &Command, request_id: &RequestId) -> Name {
    (command.actor().cloned(), request_id.clone())
}
