//! Real time: whatever ended before something else began must not come after it.

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

/// For each operation of which it is unknown whether it was carried out: the position of the log by which that was settled, as
/// far as the answers show that were asked for after its end.
pub fn settled_by<H: Heard>(heard: &[H]) -> Vec<(usize, Seq)> {
    let mut told: Vec<(u64, Seq)> = heard.iter().filter_map(|one| Some((one.span().0, one.seq()?))).collect();
    told.sort_unstable();
    // From the end: the least that any answer had seen that was asked for from here on.
    let mut least = Seq::MAX;
    let mut from_here: Vec<(u64, Seq)> = Vec::with_capacity(told.len());
    for (began, seq) in told.into_iter().rev() {
        least = least.min(seq);
        from_here.push((began, least));
    }
    from_here.reverse();
    let unknown = heard.iter().enumerate().filter(|(_, one)| one.seq().is_none() && one.call().is_some());
    unknown
        .map(|(place, one)| {
            let after = one.span().1.and_then(|end| {
                let next = from_here.partition_point(|(began, _)| *began <= end);
                from_here.get(next).map(|(_, seq)| *seq)
            });
            (place, after.unwrap_or(Seq::MAX))
        })
        .collect()
}
