//! A hash of a command's arguments, by which a repeated call is told from another call under the same request id.

use std::io;

use engine::Command;

/// FNV-1a with 64 bits: not against malice (a caller can only fool itself), but the same in every version and on every machine,
/// since it is stored.
struct Fnv(u64);

impl io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The fingerprint of a command: equal for equal arguments, whatever their spelling was.
pub(crate) fn fingerprint(command: &Command) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // Writing to a hash cannot fail, and commands have no values that JSON cannot hold.
    if let Err(error) = serde_json::to_writer(&mut hash, command) {
        tracing::error!(%error, "A command could not be hashed");
    }
    hash.0
}

#[cfg(test)]
mod tests {
    use engine::{Command, ManusId, TaskId};

    use super::*;

    #[test]
    fn it_is_the_same_for_ever() {
        let command =
            Command::StartTask { manus_id: ManusId::new("manus_1").unwrap(), task_id: TaskId::numbered(7) };
        // FNV-1a of {"start_task":{"manus_id":"manus_1","task_id":"T7"}}.
        assert_eq!(fingerprint(&command), 0x8ae9_0ec8_37c4_4155);
        let other =
            Command::StartTask { manus_id: ManusId::new("manus_1").unwrap(), task_id: TaskId::numbered(8) };
        assert_ne!(fingerprint(&other), fingerprint(&command));
    }
}
