//! What was measured: sections of rows.

use crate::load::Seen;
use crate::report::{Report, milliseconds};
use crate::rounds;

/// What a row's cells are.
const HEAD: [&str; 5] = ["measured", "result", "times", "ratio", "wanted"];

/// Sections, in the order measured.
#[derive(Debug, Default)]
pub struct Table {
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    title: &'static str,
    introduction: &'static str,
    rows: Vec<[String; 5]>,
}

impl Table {
    /// Begins a section.
    pub fn section(&mut self, title: &'static str, introduction: &'static str) {
        eprintln!("{title}");
        self.sections.push(Section { title, introduction, rows: Vec::new() });
    }

    /// A row for load in some rounds, with a ratio to something else where there is one. Left out when an answer was neither
    /// success nor refusal.
    pub fn load(&mut self, what: &str, rounds: &[Seen], ratio: Option<(f64, &str)>) {
        let all = Seen::all(rounds);
        if self.is_sound(what, &all) {
            let time = |share| milliseconds(all.percentile_ms(share));
            let times = format!("p50 {}, p99 {}, p99.9 {}", time(0.5), time(0.99), time(0.999));
            let (ratio, wanted) =
                ratio.map_or((String::new(), ""), |(ratio, wanted)| (format!("{ratio:.2}"), wanted));
            self.row([what, &format!("{:.0}/s", rounds::median(rounds)), &times, &ratio, wanted]);
        }
    }

    /// Whether every answer was a success or a typed refusal; says so if not.
    pub fn is_sound(&mut self, what: &str, seen: &Seen) -> bool {
        let sound = seen.is_sound();
        if !sound {
            let said = format!(
                "not shown: {} of {} answers were neither success nor refusal",
                seen.neither,
                seen.calls()
            );
            self.row([what, &said, "", "", ""]);
        }
        sound
    }

    /// What, how much, more about it, a ratio, and what it should be.
    pub fn row(&mut self, cells: [&str; 5]) {
        eprintln!("  {}", cells.join("  "));
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(cells.map(str::to_owned));
        }
    }

    /// As tables in Markdown.
    pub fn write(&self, report: &mut Report) {
        for section in &self.sections {
            report.section(section.title, section.introduction);
            report.table(&HEAD);
            for row in &section.rows {
                report.row(&row.each_ref().map(String::as_str));
            }
        }
    }
}
