//! What the process takes up, under the names that Prometheus's own clients use. Only where the system says so in `/proc`.

use std::fs;

use hub::meters::gauge;
use prometheus::{Counter, Error, Gauge, Registry};

/// Enters what there is now.
pub(super) fn look(registry: &Registry) -> Result<(), Error> {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(Stat::of) {
        let cpu = Counter::new("process_cpu_seconds_total", "Processor time used.")?;
        cpu.inc_by(stat.cpu_seconds);
        registry.register(Box::new(cpu))?;
        let memory = gauge("process_resident_memory_bytes", "Memory in use.");
        memory.set(stat.resident_bytes);
        registry.register(Box::new(memory))?;
        if let Some(boot) = fs::read_to_string("/proc/stat").ok().as_deref().and_then(booted_at) {
            let start = Gauge::new("process_start_time_seconds", "When it started, since the Unix epoch.")?;
            start.set(boot + stat.started_after_boot);
            registry.register(Box::new(start))?;
        }
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let open = gauge("process_open_fds", "Open files and connections.");
        // Looking opens one more.
        open.set((files.count() as i64 - 1).max(0));
        registry.register(Box::new(open))?;
    }
    Ok(())
}

/// What stands in `/proc/self/stat`, see proc_pid_stat(5).
struct Stat {
    cpu_seconds: f64,
    started_after_boot: f64,
    resident_bytes: i64,
}

impl Stat {
    fn of(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, which may contain anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // The first one here is the third of the manual.
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / ticks,
            started_after_boot: field(22)? / ticks,
            resident_bytes: field(24)? as i64 * rustix::param::page_size() as i64,
        })
    }
}

/// When the system started, since the Unix epoch in seconds.
fn booted_at(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_anything() {
        let stat =
            "7 (a ) b) S 1 7 7 0 -1 4194560 90 0 0 0 250 50 0 0 20 0 3 0 1200 9000 25 18446744073709551615";
        let stat = Stat::of(stat).unwrap();
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!((stat.cpu_seconds, stat.started_after_boot), (300.0 / ticks, 1200.0 / ticks));
        assert_eq!(stat.resident_bytes, 25 * rustix::param::page_size() as i64);
    }
}
