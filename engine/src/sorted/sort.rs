//! Sorting with one copy of the algorithm for all types.

use std::cmp::Ordering;

/// Sorts by a key, leaving what has the same key in the order in which it was. Meant for short lists: slower than the standard
/// library's, which is compiled anew for each type of item and key, 7 KB each time.
pub fn sort_by_key<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let places = order(items.len(), &|one, other| key(&items[one]).cmp(&key(&items[other])));
    let mut rest: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(places.into_iter().filter_map(|place| rest[place].take()));
}

fn order(length: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}
