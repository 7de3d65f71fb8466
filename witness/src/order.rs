//! Real time: whatever ended before something else began must not come after it.

use std::ops::Range;

use engine::Seq;

use crate::Heard;

/// Looks for an operation that ended before another began, and has seen more of the log than that one.
pub fn check<H: Heard>(heard: &[H]) -> Result<(), String> {
    let told: Vec<(&H, Seq)> = heard.iter().filter_map(|one| Some((one, one.seq()?))).collect();
    let mut ended: Vec<(u64, usize)> =
        told.iter().enumerate().filter_map(|(place, (one, _))| Some((one.span().1?, place))).collect();
    ended.sort_unstable();
    let mut began: Vec<(u64, usize)> =
        told.iter().enumerate().map(|(place, (one, _))| (one.span().0, place)).collect();
    began.sort_unstable();
    let mut ended = ended.into_iter().peekable();
    let mut latest: Option<usize> = None;
    for (start, place) in began {
        while let Some((_, over)) = ended.next_if(|(end, _)| *end < start) {
            latest =
                Some(latest.map_or(over, |latest| if told[over].1 > told[latest].1 { over } else { latest }));
        }
        let Some(before) = latest.filter(|before| told[*before].1 > told[place].1) else { continue };
        return Err(format!(
            "{:?} ended before this began, and yet comes after it: {:?}",
            told[before].0, told[place].0
        ));
    }
    Ok(())
}

/// For each operation of which it is unknown whether it was carried out: its place, and its window.
pub fn unknown<H: Heard>(heard: &[H]) -> Vec<(usize, Range<Seq>)> {
    windows(heard, |one| one.seq().is_none() && one.call().is_some())
}

/// For each operation of which something may have been carried out before its answer: its place, and its window.
pub fn queued<H: Heard>(heard: &[H]) -> Vec<(usize, Range<Seq>)> {
    windows(heard, |one| one.queued(1).is_some())
}

/// For each of these operations: its place, and between which two positions of the log it must have been carried out, if it was.
/// What ended before it began came before it; and its fate was settled by the least that anybody had seen who asked after its end.
fn windows<H: Heard>(heard: &[H], which: impl Fn(&H) -> bool) -> Vec<(usize, Range<Seq>)> {
    let told = || heard.iter().filter_map(|one| Some((one.span(), one.seq()?)));
    let mut began: Vec<(u64, Seq)> = told().map(|((began, _), seq)| (began, seq)).collect();
    began.sort_unstable();
    // From the end: the least that any answer had seen that was asked for from here on.
    let mut least = Seq::MAX;
    for (_, seq) in began.iter_mut().rev() {
        least = least.min(*seq);
        *seq = least;
    }
    let mut ended: Vec<(u64, Seq)> = told().filter_map(|((_, ended), seq)| Some((ended?, seq))).collect();
    ended.sort_unstable();
    // From the beginning: the most that any answer had seen that was there by then.
    let mut most = 0;
    for (_, seq) in &mut ended {
        most = most.max(*seq);
        *seq = most;
    }
    let window = |(begin, end): (u64, Option<u64>)| {
        let before = ended.partition_point(|(ended, _)| *ended < begin);
        let from = before.checked_sub(1).map_or(0, |last| ended[last].1);
        let after = end.and_then(|end| began.get(began.partition_point(|(began, _)| *began <= end)));
        from..after.map_or(Seq::MAX, |(_, seq)| *seq)
    };
    let wanted = heard.iter().enumerate().filter(|(_, one)| which(one));
    wanted.map(|(place, one)| (place, window(one.span()))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{Answer, Call, Command, ManusId};

    use super::*;
    use crate::Says;

    #[derive(Debug)]
    struct Told {
        call: Call,
        seq: Option<Seq>,
        span: (u64, Option<u64>),
    }

    impl Heard for Told {
        fn call(&self) -> Option<&Call> {
            Some(&self.call)
        }
        fn seq(&self) -> Option<Seq> {
            self.seq
        }
        fn span(&self) -> (u64, Option<u64>) {
            self.span
        }
        fn compare(&self, _says: &Says<'_>) -> Result<(), String> {
            Ok(())
        }
        fn answer(&self) -> Option<Arc<Answer>> {
            None
        }
    }

    fn told(seq: Option<Seq>, began: u64, ended: Option<u64>) -> Told {
        let command = Command::Heartbeat { manus_id: ManusId::system(), status: None, progress: None };
        Told { call: Call::from(command), seq, span: (began, ended) }
    }

    #[test]
    fn what_was_not_answered_lies_between_what_ended_before_and_what_began_after() {
        let window = |began, ended| {
            let (first, late) = (told(Some(10), 0, Some(5)), told(Some(30), 50, Some(60)));
            // Under way most of the time, so that little follows from it.
            let beside = told(Some(90), 0, Some(100));
            unknown(&[first, beside, late, told(None, began, ended)])
        };
        assert_eq!(window(3, Some(20)), [(3, 0..30)], "nobody had been answered when it was asked");
        assert_eq!(window(6, Some(20)), [(3, 10..30)]);
        assert_eq!(window(6, Some(70)), [(3, 10..Seq::MAX)], "nobody asked after it had ended");
        assert_eq!(window(6, None), [(3, 10..Seq::MAX)], "it may still come");
        assert_eq!(window(200, None), [(3, 90..Seq::MAX)]);
    }
}
