//! Writing to stdout: colours and clipped columns for a person at a terminal, plain text for everything else.

use std::io::{self, IsTerminal, Write};

use super::Failed;

/// How wide a column may get at a terminal, the last one apart.
const COLUMN_MAX: usize = 44;

/// What a piece of text says beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The usual.
    Plain,
    /// A column's head.
    Head,
    /// Beside the point.
    Quiet,
    /// Under way.
    Busy,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
}

impl Tone {
    /// The codes of the terminal.
    const fn codes(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Head => "1",
            Self::Quiet => "2",
            Self::Busy => "36",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
        }
    }

    /// Of a task's or an agent's status, as on the wire.
    pub fn of_status(status: &str) -> Self {
        match status {
            "IN_PROGRESS" | "ACTIVE" => Self::Busy,
            "COMPLETED" => Self::Good,
            "BLOCKED" | "NEEDS_REVIEW" => Self::Warning,
            "LOST" => Self::Bad,
            "CANCELLED" | "INACTIVE" => Self::Quiet,
            _ => Self::Plain,
        }
    }
}

/// How to write.
#[derive(Debug, Clone, Copy)]
pub struct Print {
    terminal: bool,
    colour: bool,
}

impl Print {
    /// As it suits stdout and the person's wishes (`NO_COLOR`, see no-color.org).
    pub fn to_stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { terminal, colour: terminal && !set("NO_COLOR") && !dumb }
    }

    /// Without colours, nothing clipped.
    pub const PLAIN: Self = Self { terminal: false, colour: false };

    /// The text in its colour.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if self.colour && tone != Tone::Plain && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tone.codes())
        } else {
            text.to_owned()
        }
    }

    /// Lines of columns as wide as they need to be, below a head.
    pub fn table<const N: usize>(self, head: [&str; N], rows: &[[Cell; N]]) -> String {
        let head = head.map(|name| Cell::new(Tone::Head, name));
        let clip = |column: usize, text: &str| match self.terminal && column + 1 < N {
            true => clipped(text, COLUMN_MAX),
            false => text.to_owned(),
        };
        let all: Vec<[(Tone, String); N]> = std::iter::once(&head)
            .chain(rows)
            .map(|row| std::array::from_fn(|column| (row[column].tone, clip(column, &row[column].text))))
            .collect();
        let width = |column: usize| all.iter().map(|row| row[column].1.chars().count()).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(width);
        let mut out = String::new();
        for row in &all {
            let last = row.iter().rposition(|(_, text)| !text.is_empty()).unwrap_or(0);
            for (column, (tone, text)) in row.iter().enumerate().take(last + 1) {
                out.push_str(&self.paint(*tone, text));
                if column < last {
                    let gap = widths[column] - text.chars().count() + 2;
                    out.extend(std::iter::repeat_n(' ', gap));
                }
            }
            out.push('\n');
        }
        out
    }
}

/// A place in a table.
#[derive(Debug, Clone)]
pub struct Cell {
    tone: Tone,
    text: String,
}

impl Cell {
    /// This text in this colour. Line breaks and other control characters would tear the table apart or move the cursor.
    pub fn new(tone: Tone, text: &str) -> Self {
        Self { tone, text: one_line(text) }
    }

    /// A status in its colour.
    pub fn status(status: &str) -> Self {
        Self::new(Tone::of_status(status), status)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(Tone::Plain, text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(Tone::Plain, &text)
    }
}

/// The text on one line.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The text without anything that a terminal would obey; lines stay lines. What others wrote shall be read, not carried out.
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut text: String = text.chars().take(most - 1).collect();
    text.push('…');
    text
}

/// Writes to stdout. Whoever closed it (`… | head`) has seen enough: then this ends the command well.
pub fn put(text: &str) -> Result<(), Failed> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What becomes of a command whose writing to stdout went so.
pub fn written(result: io::Result<()>) -> Result<(), Failed> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failed::silently(0)),
        result => result.map_err(|error| Failed::refused(format!("cannot write to stdout: {error}"))),
    }
}

/// A moment as `2026-11-25T22:51:07Z`.
pub fn moment(at_ms: i64) -> String {
    let seconds = at_ms.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970-01-01; Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn moments() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(951_827_696_789), "2000-02-29T12:34:56Z");
        assert_eq!(moment(1_800_000_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(moment(-1), "1969-12-31T23:59:59Z");
    }

    fn rows() -> Vec<[Cell; 3]> {
        vec![
            ["T1".into(), Cell::status("IN_PROGRESS"), "one\nline".into()],
            ["T10".into(), Cell::status("PENDING"), "".into()],
        ]
    }

    #[test]
    fn tables_are_plain_where_nobody_looks() {
        let table = Print::PLAIN.table(["TASK", "STATUS", "TITLE"], &rows());
        expect![[r#"
            TASK  STATUS       TITLE
            T1    IN_PROGRESS  one line
            T10   PENDING
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let print = Print { terminal: true, colour: true };
        let table = print.table(["TASK", "STATUS", "TITLE"], &rows()).replace('\u{1b}', "␛");
        expect![[r#"
            ␛[1mTASK␛[0m  ␛[1mSTATUS␛[0m       ␛[1mTITLE␛[0m
            T1    ␛[36mIN_PROGRESS␛[0m  one line
            T10   PENDING
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn long_columns_are_clipped_at_a_terminal_only() {
        let rows = [["x".repeat(60).into(), "y".into()]];
        let shown =
            |print: Print| print.table(["A", "B"], &rows).lines().nth(1).map(|line| line.chars().count());
        assert_eq!(shown(Print { terminal: true, colour: false }), Some(COLUMN_MAX + 3));
        assert_eq!(shown(Print::PLAIN), Some(63));
    }

    #[test]
    fn escape_codes_of_others_are_not_obeyed() {
        assert_eq!(harmless("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\n");
    }
}
