//! How much work fits: a maximum flow from groups of tasks to the lanes that can do them.

use super::model::Rows;

/// Work on its way from groups to lanes.
pub(super) struct Flow<'a> {
    able: &'a Rows,
    /// Per group: work that has not found a lane.
    left: Vec<u128>,
    /// Per lane: room left.
    room: Vec<u128>,
    /// Per pair of a group and one of its lanes, in the order of `able`: work of the group on the lane.
    carried: Vec<u128>,
    /// Per lane: the pairs it is in, as group and position.
    pairs: Vec<Vec<(u32, u32)>>,
}

/// Groups with more work than all lanes that could do any of it have room.
pub(super) struct Shortage {
    pub(super) groups: Vec<usize>,
    pub(super) lanes: Vec<usize>,
}

/// How a search for a better flow came somewhere.
#[derive(Clone, Copy, PartialEq)]
enum Via {
    Nowhere,
    Start,
    Pair(usize),
}

impl<'a> Flow<'a> {
    /// Sends what can be sent directly.
    pub(super) fn new(work: &[u128], room: Vec<u128>, able: &'a Rows) -> Self {
        let mut pairs = vec![Vec::new(); room.len()];
        for group in 0..able.len() {
            for pair in able.range(group) {
                pairs[able.items()[pair] as usize].push((group as u32, pair as u32));
            }
        }
        let mut flow = Self { able, left: work.to_vec(), room, carried: vec![0; able.items().len()], pairs };
        for group in 0..able.len() {
            for pair in able.range(group) {
                let lane = able.items()[pair] as usize;
                let sent = flow.left[group].min(flow.room[lane]);
                flow.left[group] -= sent;
                flow.room[lane] -= sent;
                flow.carried[pair] += sent;
            }
        }
        flow
    }

    /// Reroutes until all work has found a lane, or the rest cannot: then which groups and lanes are short of room.
    /// Shortest augmenting paths (Edmonds, Karp 1972).
    pub(super) fn shortage(mut self) -> Option<Shortage> {
        while self.left.iter().any(|left| *left > 0) {
            let (groups, lanes, free) = self.explore();
            match free {
                Some(lane) => self.augment(&groups, &lanes, lane),
                None => {
                    let reached =
                        |via: &[Via]| (0..via.len()).filter(|&at| via[at] != Via::Nowhere).collect();
                    return Some(Shortage { groups: reached(&groups), lanes: reached(&lanes) });
                }
            }
        }
        None
    }

    /// Breadth first from all groups with work left: how each group and lane is reached, and a lane with room if there is one.
    fn explore(&self) -> (Vec<Via>, Vec<Via>, Option<usize>) {
        let mut groups: Vec<Via> =
            self.left.iter().map(|left| if *left > 0 { Via::Start } else { Via::Nowhere }).collect();
        let mut lanes = vec![Via::Nowhere; self.room.len()];
        let mut queue: Vec<usize> = (0..groups.len()).filter(|&group| groups[group] == Via::Start).collect();
        let mut next = 0;
        while next < queue.len() {
            let group = queue[next];
            next += 1;
            for pair in self.able.range(group) {
                let lane = self.able.items()[pair] as usize;
                if lanes[lane] != Via::Nowhere {
                    continue;
                }
                lanes[lane] = Via::Pair(pair);
                if self.room[lane] > 0 {
                    return (groups, lanes, Some(lane));
                }
                for &(other, pair) in &self.pairs[lane] {
                    if self.carried[pair as usize] > 0 && groups[other as usize] == Via::Nowhere {
                        groups[other as usize] = Via::Pair(pair as usize);
                        queue.push(other as usize);
                    }
                }
            }
        }
        (groups, lanes, None)
    }

    /// Sends as much as fits along the path found to `lane`.
    fn augment(&mut self, groups: &[Via], lanes: &[Via], lane: usize) {
        let mut forward = Vec::new();
        let mut back = Vec::new();
        let (mut at, mut fits) = (lane, self.room[lane]);
        let start = loop {
            let Via::Pair(pair) = lanes[at] else { return };
            forward.push(pair);
            let group = self.group_of(pair);
            match groups[group] {
                Via::Pair(pair) => {
                    fits = fits.min(self.carried[pair]);
                    back.push(pair);
                    at = self.able.items()[pair] as usize;
                }
                _ => break group,
            }
        };
        let sent = fits.min(self.left[start]);
        forward.iter().for_each(|&pair| self.carried[pair] += sent);
        back.iter().for_each(|&pair| self.carried[pair] -= sent);
        self.left[start] -= sent;
        self.room[lane] -= sent;
    }

    fn group_of(&self, pair: usize) -> usize {
        let lane = self.able.items()[pair] as usize;
        let own = self.pairs[lane].iter().find(|(_, other)| *other as usize == pair);
        own.map_or(0, |(group, _)| *group as usize)
    }
}
