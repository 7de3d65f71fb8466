//! What came of it, for people and for programs.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::aftermath::Losses;
use super::judge::Verdict;
use crate::commands::print::{Cell, Print, Tone};

/// How many sentences of a kind are shown; all are counted.
const SHOWN: usize = 10;

/// The report.
#[derive(Debug)]
pub(in crate::commands::doctor) struct Report {
    options: Options,
    took: Duration,
    restart_ms: u64,
    verdict: Verdict,
    losses: Losses,
    /// Where the project was left, with the log of what happened.
    pub(super) kept: Option<PathBuf>,
}

/// Times of a kind of call, in milliseconds.
struct Times {
    calls: usize,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Times {
    /// By nearest rank.
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let rank = |share: f64| {
            let place = (share * times.len() as f64).ceil() as usize;
            let ms = times.get(place.max(1) - 1).copied().unwrap_or_default().as_secs_f64() * 1000.0;
            (ms * 100.0).round() / 100.0
        };
        Self { calls: times.len(), p50: rank(0.5), p99: rank(0.99), max: rank(1.0) }
    }

    fn as_json(&self) -> Value {
        json!({ "calls": self.calls, "p50_ms": self.p50, "p99_ms": self.p99, "max_ms": self.max })
    }
}

impl Report {
    pub(super) fn new(
        options: Options,
        took: Duration,
        restart_ms: u64,
        verdict: Verdict,
        losses: Losses,
    ) -> Self {
        Self { options, took, restart_ms, verdict, losses, kept: None }
    }

    /// Nothing was found that must not be.
    pub(in crate::commands::doctor) fn is_sound(&self) -> bool {
        self.faults().iter().all(|(_, found)| found.is_empty())
    }

    /// What must not be, by kind.
    fn faults(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            ("races", &self.verdict.races),
            ("lost", &self.losses.lost),
            ("doubled", &self.losses.doubled),
            ("errors", &self.verdict.errors),
            ("problems", &self.losses.problems),
        ]
    }

    fn times(&self) -> Vec<(&'static str, Times)> {
        let times = &self.verdict.times;
        let waiting = |name: &str| name.contains("waiting");
        let all =
            times.iter().filter(|(name, _)| !waiting(name)).flat_map(|(_, times)| times).copied().collect();
        let mut rows = vec![("all", Times::of(all))];
        rows.extend(times.iter().map(|(name, times)| (*name, Times::of(times.clone()))));
        rows
    }

    fn per_second(&self) -> f64 {
        (self.options.operations as f64 / self.took.as_secs_f64().max(0.001)).round()
    }

    pub(in crate::commands::doctor) fn as_json(&self) -> Value {
        let times: serde_json::Map<String, Value> =
            self.times().iter().map(|(name, times)| ((*name).to_owned(), times.as_json())).collect();
        let mut report = json!({
            "ok": self.is_sound(),
            "agents": self.options.agents,
            "operations": self.options.operations,
            "seed": self.options.seed,
            "seconds": (self.took.as_secs_f64() * 1000.0).round() / 1000.0,
            "operations_per_second": self.per_second(),
            "restart_ms": self.restart_ms,
            "looked_for": self.losses.looked_for,
            "latency": times,
            "refusals": self.verdict.refusals,
            "kept": self.kept,
        });
        for (kind, found) in self.faults() {
            report[kind] = json!(found);
        }
        report
    }

    pub(in crate::commands::doctor) fn as_text(&self, print: Print) -> String {
        let Options { agents, operations, seed } = self.options;
        let mut out = format!(
            "{agents} agents made {operations} calls in {:.1} s, {} a second (seed {seed}).\nIn the middle of it the server \
             was killed; another one had taken over {} ms later.\n\n",
            self.took.as_secs_f64(),
            self.per_second(),
            self.restart_ms
        );
        let row = |(name, times): &(&str, Times)| -> [Cell; 5] {
            let ms = |ms: f64| format!("{ms:.2}").into();
            [(*name).into(), times.calls.to_string().into(), ms(times.p50), ms(times.p99), ms(times.max)]
        };
        let rows: Vec<_> = self.times().iter().map(row).collect();
        out.push_str(&print.table(["CALL", "ANSWERS", "P50 MS", "P99 MS", "MAX MS"], &rows));
        let refusals: Vec<String> =
            self.verdict.refusals.iter().map(|(code, times)| format!("{times} {code}")).collect();
        let refusals = if refusals.is_empty() { "none".to_owned() } else { refusals.join(", ") };
        out.push_str(&format!("\nRefusals: {refusals}\n"));
        for (kind, found) in self.faults() {
            let tone = if found.is_empty() { Tone::Good } else { Tone::Bad };
            let of = if kind == "lost" {
                format!(" of {} looked for", self.losses.looked_for)
            } else {
                String::new()
            };
            out.push_str(&print.paint(tone, &format!("{kind}: {}{of}\n", found.len())));
            found.iter().take(SHOWN).for_each(|what| out.push_str(&format!("  {what}\n")));
        }
        if let Some(kept) = &self.kept {
            out.push_str(&format!(
                "The project was left in {}, with the log of what happened.\n",
                kept.display()
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks() {
        let times = Times::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!((times.p50, times.p99, times.max), (100.0, 198.0, 200.0));
        let one = Times::of(vec![Duration::from_millis(5)]);
        assert_eq!((one.p50, one.p99), (5.0, 5.0));
        assert_eq!(Times::of(Vec::new()).calls, 0);
    }

    #[test]
    fn anything_found_fails() {
        let options = Options { agents: 2, operations: 10, seed: 1 };
        let report = |verdict, losses| Report::new(options, Duration::from_secs(1), 5, verdict, losses);
        assert!(report(Verdict::default(), Losses::default()).is_sound());
        let lost = Losses { lost: vec!["T1".to_owned()], ..Losses::default() };
        let report = report(Verdict::default(), lost);
        assert!(!report.is_sound());
        assert!(report.as_text(Print::PLAIN).contains("lost: 1 of 0 looked for\n  T1\n"));
    }
}
