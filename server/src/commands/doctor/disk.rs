//! The disk that the project lies on: does it take what is written, how fast, and how much more.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::findings::Findings;

/// With less than this the next hours are not safe.
const FREE_LEAST: u64 = 100 * MB;
const FREE_WANTED: u64 = 1_000 * MB;
/// A log of this size is not being folded into the database any more: somebody reads without an end.
const WAL_MOST: u64 = 256 * MB;
/// A sync that takes longer makes every call slow.
const SYNC_MOST: Duration = Duration::from_millis(100);
const MB: u64 = 1_000_000;

pub(super) fn examine(root: &Path, database: Option<&Path>, findings: &mut Findings) {
    let folder = database.and_then(Path::parent).filter(|folder| folder.is_dir()).unwrap_or(root);
    match free(folder) {
        None => {}
        Some(free) if free < FREE_LEAST => {
            findings.wrong(
                "space",
                format!("{} are free in {}", size(free), folder.display()),
                "make room: without, calls are refused",
            );
        }
        Some(free) if free < FREE_WANTED => {
            findings.hint(
                "space",
                format!("{} are free in {}", size(free), folder.display()),
                "make room in time",
            );
        }
        Some(free) => findings.good("space", format!("{} are free", size(free))),
    }
    match sync(folder) {
        Err(error) => findings.wrong(
            "disk",
            format!("{} cannot be written: {error}", folder.display()),
            match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room there",
                _ => "give the server's user the right to write there",
            },
        ),
        Ok(took) if took > SYNC_MOST => findings.hint(
            "disk",
            format!("it takes {} ms until the disk has something for sure", took.as_millis()),
            "keep the project on a local disk: every call waits for that",
        ),
        Ok(took) => {
            findings.good("disk", format!("it takes {:.1} ms to write for sure", took.as_secs_f64() * 1000.0))
        }
    }
    if let Some(database) = database {
        let mut wal = database.as_os_str().to_owned();
        wal.push("-wal");
        let bytes = fs::metadata(wal).map_or(0, |wal| wal.len());
        if bytes > WAL_MOST {
            let said = format!("the write-ahead log has grown to {}", size(bytes));
            findings.hint(
                "wal",
                said,
                "some program keeps the database open and reads; end it, and the log shrinks",
            );
        } else {
            findings.good("wal", format!("the write-ahead log has {}", size(bytes)));
        }
    }
}

/// The usual time of three until a small file is on the disk.
fn sync(folder: &Path) -> io::Result<Duration> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let write = || -> io::Result<Duration> {
        let mut file = File::create(&path)?;
        let mut times = [Duration::ZERO; 3];
        for time in &mut times {
            let begun = Instant::now();
            file.write_all(&[0x5a; 4096])?;
            file.sync_all()?;
            *time = begun.elapsed();
        }
        times.sort();
        Ok(times[1])
    };
    let written = write();
    let _ = fs::remove_file(&path);
    written
}

/// Free bytes for this user, where the system says.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1_000 * MB => format!("{:.1} GB", bytes as f64 / (1_000 * MB) as f64),
        bytes if bytes >= MB => format!("{:.1} MB", bytes as f64 / MB as f64),
        bytes => format!("{} kB", bytes.div_ceil(1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(
            [size(0), size(1), size(2_500_000), size(12_340_000_000)],
            ["0 kB", "1 kB", "2.5 MB", "12.3 GB"]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        assert!(sync(folder.path()).is_ok() && sync(&folder.path().join("gone")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "left something behind");
        #[cfg(unix)]
        assert!(free(folder.path()).is_some_and(|free| free > 0));
    }
}
