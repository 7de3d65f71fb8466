//! What is printed.

use crate::load::Seen;

/// Rows, in the order measured.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<[String; 5]>,
}

impl Table {
    /// A row for load, with a ratio to something else where there is one. Left out when an answer was neither success nor
    /// refusal.
    pub fn load(&mut self, what: &str, seen: &Seen, ratio: Option<(f64, &str)>) {
        if self.is_sound(what, seen) {
            let times =
                format!("p50 {:.2} ms, p99 {:.2} ms", seen.percentile_ms(0.5), seen.percentile_ms(0.99));
            let (ratio, wanted) =
                ratio.map_or((String::new(), ""), |(ratio, wanted)| (format!("{ratio:.2}"), wanted));
            self.row([what, &format!("{:.0}/s", seen.per_second()), &times, &ratio, wanted]);
        }
    }

    /// Whether every answer was a success or a typed refusal; says so if not.
    pub fn is_sound(&mut self, what: &str, seen: &Seen) -> bool {
        let sound = seen.neither == 0 && seen.calls() > 0;
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
        eprintln!("{}", cells.join("  "));
        self.rows.push(cells.map(str::to_owned));
    }

    /// On stdout, as a table in Markdown.
    pub fn print(&self) {
        let head = ["measured", "result", "times", "ratio", "wanted"].map(str::to_owned);
        let all: Vec<&[String; 5]> = std::iter::once(&head).chain(&self.rows).collect();
        let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..5).map(width).collect();
        for (n, row) in all.iter().enumerate() {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("| {} |", cells.join(" | "));
            if n == 0 {
                let lines: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                println!("| {} |", lines.join(" | "));
            }
        }
    }
}
