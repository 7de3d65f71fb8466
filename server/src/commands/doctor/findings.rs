//! What the doctor found, one after the other.

use serde_json::{Value, json};

use crate::commands::print::{Print, Tone};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing; nothing is wrong.
    Hint,
    /// Something has to be done.
    Wrong,
}

#[derive(Debug)]
struct Finding {
    /// A stable word for programs.
    check: &'static str,
    verdict: Verdict,
    said: String,
    /// What to do.
    advice: String,
}

/// Everything found.
#[derive(Debug)]
pub(super) struct Findings {
    about: Value,
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(about: Value) -> Self {
        Self { about, list: Vec::new() }
    }

    pub(super) fn good(&mut self, check: &'static str, said: impl Into<String>) {
        self.add(check, Verdict::Good, said, "");
    }

    pub(super) fn hint(&mut self, check: &'static str, said: impl Into<String>, advice: impl Into<String>) {
        self.add(check, Verdict::Hint, said, advice);
    }

    pub(super) fn wrong(&mut self, check: &'static str, said: impl Into<String>, advice: impl Into<String>) {
        self.add(check, Verdict::Wrong, said, advice);
    }

    fn add(
        &mut self,
        check: &'static str,
        verdict: Verdict,
        said: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.list.push(Finding { check, verdict, said: said.into(), advice: advice.into() });
    }

    /// Nothing is wrong.
    pub(super) fn are_good(&self) -> bool {
        self.list.iter().all(|finding| finding.verdict != Verdict::Wrong)
    }

    pub(super) fn as_json(&self) -> Value {
        let finding = |finding: &Finding| {
            let verdict = match finding.verdict {
                Verdict::Good => "good",
                Verdict::Hint => "hint",
                Verdict::Wrong => "wrong",
            };
            json!({ "check": finding.check, "verdict": verdict, "message": finding.said,
                    "advice": (!finding.advice.is_empty()).then_some(&finding.advice) })
        };
        let mut all = self.about.clone();
        all["ok"] = json!(self.are_good());
        all["findings"] = self.list.iter().map(finding).collect();
        all
    }

    pub(super) fn as_text(&self, print: Print) -> String {
        let mut out = String::new();
        for finding in &self.list {
            let (mark, tone) = match finding.verdict {
                Verdict::Good => ("ok   ", Tone::Good),
                Verdict::Hint => ("hint ", Tone::Warning),
                Verdict::Wrong => ("WRONG", Tone::Bad),
            };
            out.push_str(&format!("{}  {}: {}\n", print.paint(tone, mark), finding.check, finding.said));
            if !finding.advice.is_empty() {
                out.push_str(&format!("       {}\n", finding.advice));
            }
        }
        let wrong = self.list.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
        out.push_str(&match wrong {
            0 => print.paint(Tone::Good, "All is well.\n"),
            1 => print.paint(Tone::Bad, "One thing is wrong.\n"),
            n => print.paint(Tone::Bad, &format!("{n} things are wrong.\n")),
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_report() {
        let mut findings = Findings::new(json!({ "version": "1" }));
        findings.good("disk", "40 GB are free");
        findings.hint("guard", "no git guard is installed", "manus-sync guard install adds one");
        assert!(findings.are_good());
        findings.wrong("clock", "the clock is 3 hours behind the log", "set it");
        assert_eq!(findings.as_json()["ok"], false);
        expect![[r#"
            ok     disk: 40 GB are free
            hint   guard: no git guard is installed
                   manus-sync guard install adds one
            WRONG  clock: the clock is 3 hours behind the log
                   set it
            One thing is wrong.
        "#]]
        .assert_eq(&findings.as_text(Print::PLAIN));
    }
}
