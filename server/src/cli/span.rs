//! Lengths of time as people write them.

use std::fmt;
use std::str::FromStr;

use engine::TimeMs;
use serde::Deserialize;

/// Units, the longest first.
const UNITS: [(&str, TimeMs); 5] =
    [("w", 7 * 24 * 3_600_000), ("d", 24 * 3_600_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

/// A length of time, such as `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(TimeMs);

/// Why a text is no length of time.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no length of time; write a whole number with w, d, h, m or s behind it, such as 30d")]
pub struct NoSpan(String);

impl Span {
    /// In milliseconds.
    pub fn ms(self) -> TimeMs {
        self.0
    }
}

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let text = text.trim();
        let unit = UNITS.iter().find_map(|(unit, ms)| Some((text.strip_suffix(unit)?, ms)));
        let span = unit.and_then(|(number, ms)| Some(TimeMs::from(number.trim().parse::<u32>().ok()?) * ms));
        span.map(Self).ok_or_else(|| NoSpan(text.to_owned()))
    }
}

impl TryFrom<String> for Span {
    type Error = NoSpan;

    fn try_from(text: String) -> Result<Self, NoSpan> {
        text.parse()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, ms) = UNITS.iter().find(|(_, ms)| self.0 % ms == 0 && self.0 > 0).unwrap_or(&UNITS[4]);
        write!(f, "{}{unit}", self.0 / ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, ms, shown) in [
            ("30d", 2_592_000_000, "30d"),
            ("12h", 43_200_000, "12h"),
            ("14d", 1_209_600_000, "2w"),
            (" 90 m", 5_400_000, "90m"),
            ("0s", 0, "0s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.ms(), span.to_string()), (ms, shown.to_owned()));
        }
        for wrong in ["", "30", "d", "-1d", "1.5h", "30 days", "99999999999d"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
