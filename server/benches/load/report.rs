//! What goes into docs/benchmarks.md, section by section: a run replaces the sections that it measured.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Sections of Markdown.
#[derive(Debug, Default)]
pub struct Report {
    sections: Vec<(String, String)>,
    columns: usize,
}

impl Report {
    /// Begins a section.
    pub fn section(&mut self, title: &str, introduction: &str) {
        self.sections.push((title.to_owned(), format!("{introduction}\n\n")));
    }

    /// Begins a table.
    pub fn table(&mut self, head: &[&str]) {
        self.columns = head.len();
        self.row(head);
        self.row(&vec!["---"; head.len()]);
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&str]) {
        debug_assert_eq!(cells.len(), self.columns);
        self.write(&format!("| {} |\n", cells.join(" | ")));
    }

    /// Adds a sentence.
    pub fn note(&mut self, sentence: &str) {
        self.write(&format!("\n{sentence}\n"));
    }

    fn write(&mut self, text: &str) {
        print!("{text}");
        if let Some((_, section)) = self.sections.last_mut() {
            section.push_str(text);
        }
    }

    /// Puts each section in the place of the one of the same title, or at the end.
    pub fn save(&self, machine: &str) -> io::Result<()> {
        let path = path();
        let mut text = std::fs::read_to_string(&path)?;
        for (title, section) in &self.sections {
            let section = format!("## {title}\n\n{}\n{machine}\n", section.trim_end().to_owned() + "\n");
            text = replaced(&text, title, &section);
        }
        std::fs::write(path, text)
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md")
}

fn replaced(text: &str, title: &str, section: &str) -> String {
    let head = format!("## {title}\n");
    let Some(start) = text.find(&head) else { return format!("{}\n\n{section}", text.trim_end()) };
    let end = text[start + head.len()..].find("\n## ").map_or(text.len(), |at| start + head.len() + at + 1);
    let rest = &text[end..];
    let mut new = text[..start].to_owned();
    new.push_str(section);
    if !rest.is_empty() {
        // Writing into a String cannot fail.
        let _ = write!(new, "\n{rest}");
    }
    new
}

/// A time in the unit that reads best.
pub fn milliseconds(ms: f64) -> String {
    if ms >= 100.0 { format!("{ms:.0} ms") } else { format!("{ms:.2} ms") }
}

/// What this was measured on.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let system = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "Measured with manus-sync {} on {cores} cores ({model}), Linux {}. Client and server share them.",
        env!("CARGO_PKG_VERSION"),
        system.trim()
    )
}
