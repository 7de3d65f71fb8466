//! Whether somebody else is at work on this machine: then figures say nothing.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

/// How much of the machine others may take.
const AT_MOST: f64 = 0.10;
/// How long to look before anything is measured.
const LOOK: Duration = Duration::from_secs(2);

/// The processor time used since the machine started, in ticks: by everybody, and by this program and what it started.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    at: Instant,
    all: f64,
    own: f64,
}

impl Looked {
    /// `None` where the system does not say.
    pub fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let fields: Vec<f64> =
            stat.lines().next()?.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
        // user, nice, system, irq, softirq, steal: all but what was idle or waited for the disk.
        let all = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| fields.get(*at)).sum();
        Some(Self { at: Instant::now(), all, own: own_ticks() })
    }

    /// The share of the whole machine that others have used since.
    pub fn others_since(&self) -> Option<f64> {
        let now = Self::now()?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let whole = now.at.duration_since(self.at).as_secs_f64() * TICKS_A_SECOND * cores;
        Some((((now.all - self.all) - (now.own - self.own)) / whole).max(0.0))
    }
}

/// How Linux counts on every machine that this may meet.
const TICKS_A_SECOND: f64 = 100.0;

/// Of this process and all below it, with what those used that have ended.
fn own_ticks() -> f64 {
    let mut parents: HashMap<u32, (u32, f64)> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        // Its parent, and utime, stime, cutime and cstime.
        parents.insert(pid, (number(1) as u32, (11..=14).map(number).sum()));
    }
    let is_own = |mut pid: u32| {
        let own = std::process::id();
        for _ in 0..64 {
            match parents.get(&pid) {
                _ if pid == own => return true,
                Some((parent, _)) => pid = *parent,
                None => return false,
            }
        }
        false
    };
    parents.iter().filter(|(pid, _)| is_own(**pid)).map(|(_, (_, ticks))| ticks).sum()
}

/// Why nothing should be measured now; `None` when nobody is in the way.
pub fn in_the_way() -> Option<String> {
    let before = Looked::now()?;
    std::thread::sleep(LOOK);
    let share = before.others_since()?;
    (share > AT_MOST).then(|| said(share, "take"))
}

/// Why what was measured should not be reported.
pub fn was_in_the_way(since: &Looked) -> Option<String> {
    let share = since.others_since()?;
    (share > AT_MOST).then(|| said(share, "took"))
}

fn said(share: f64, verb: &str) -> String {
    format!(
        "other processes {verb} {:.0} % of this machine, more than {:.0} %; figures would say nothing. Wait, or pass --busy to have \
         them all the same",
        share * 100.0,
        AT_MOST * 100.0
    )
}
