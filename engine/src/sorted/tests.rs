//! The vectors do what the trees do.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};

use super::map::SortedMap;
use super::set::SortedSet;
use super::sort_by_key;

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_map_does_what_a_tree_does() {
    let (mut map, mut tree, mut dice) = (SortedMap::new(), BTreeMap::new(), Dice(1));
    for step in 0..20_000_u64 {
        let (key, limit) = (dice.below(60), dice.below(60));
        match dice.below(6) {
            0 | 1 => assert_eq!(map.insert(key, step), tree.insert(key, step)),
            2 => assert_eq!(map.remove(&key), tree.remove(&key)),
            3 => assert_eq!(map.entry(key).or_insert(step), tree.entry(key).or_insert(step)),
            4 => assert_eq!(
                map.get_mut(&key).map(|value| *value += 1),
                tree.get_mut(&key).map(|value| *value += 1)
            ),
            _ => *map.entry(key).or_default() = *tree.entry(key).or_default(),
        }
        assert_eq!((map.get(&key), map.contains_key(&limit)), (tree.get(&key), tree.contains_key(&limit)));
        assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
        assert!(map.range(key..).eq(tree.range(key..)));
        assert!(map.range((Excluded(key), Unbounded)).eq(tree.range((Excluded(key), Unbounded))));
        let (low, high) = (key.min(limit), key.max(limit));
        assert!(map.range(low..high).eq(tree.range(low..high)));
        assert!(
            map.range((Unbounded, Included(high))).rev().eq(tree.range((Unbounded, Included(high))).rev())
        );
        assert!(map.iter().eq(&tree) && map.keys().eq(tree.keys()) && map.values().eq(tree.values()));
    }
    assert!(map.values_mut().eq(tree.values_mut()));
    assert!(map.into_iter().eq(tree));
    let twice = [(2, 'a'), (1, 'b'), (2, 'c')];
    assert!(twice.into_iter().collect::<SortedMap<_, _>>().into_iter().eq(BTreeMap::from(twice)));
}

#[test]
fn a_set_does_what_a_tree_does() {
    let (mut set, mut tree, mut dice) = (SortedSet::new(), BTreeSet::new(), Dice(2));
    for _ in 0..20_000 {
        let (item, limit) = (dice.below(60), dice.below(60));
        match dice.below(8) {
            0..=3 => assert_eq!(set.insert(item), tree.insert(item)),
            4 | 5 => assert_eq!(set.remove(&item), tree.remove(&item)),
            6 => assert_eq!(set.pop_first(), tree.pop_first()),
            _ => assert_eq!(set.pop_last(), tree.pop_last()),
        }
        assert_eq!(
            (set.contains(&limit), set.first(), set.last()),
            (tree.contains(&limit), tree.first(), tree.last())
        );
        assert_eq!((set.len(), set.is_empty()), (tree.len(), tree.is_empty()));
        let (low, high) = (item.min(limit), item.max(limit));
        assert!(set.range(low..=high).eq(tree.range(low..=high)));
        assert!(set.iter().rev().eq(tree.iter().rev()));
        let other: Vec<u64> = (0..dice.below(5)).map(|_| dice.below(60)).collect();
        let (others, other_tree) = (other.iter().copied().collect(), other.iter().copied().collect());
        assert!(set.union(&others).eq(tree.union(&other_tree)));
    }
    set.retain(|item| item % 3 != 0);
    tree.retain(|item| item % 3 != 0);
    assert!(set.into_iter().eq(tree));
    assert!(SortedSet::from([3, 1, 3]).into_iter().eq([1, 3]));
}

#[test]
fn sorting_is_that_of_the_standard_library() {
    let mut dice = Dice(3);
    for length in 0..200 {
        let items: Vec<(u64, u64)> = (0..length).map(|place| (dice.below(20), place)).collect();
        let (mut ours, mut theirs) = (items.clone(), items);
        sort_by_key(&mut ours, |item| item.0);
        theirs.sort_by_key(|item| item.0);
        assert_eq!(ours, theirs);
    }
}
