//! A set of small numbers that is emptied in ascending or descending order.

/// Numbers below a fixed bound, one bit each.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    words: Vec<u64>,
    /// No marked number lies in a word before this one, or after that one.
    first: usize,
    last: usize,
}

impl Marks {
    /// All numbers below `count`, marked.
    pub(super) fn all(count: usize) -> Self {
        let mut marks = Self { words: vec![0; count.div_ceil(64)], first: usize::MAX, last: 0 };
        marks.set_all(count);
        marks
    }

    pub(super) fn set_all(&mut self, count: usize) {
        (0..count).for_each(|number| self.set(number));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn clear(&mut self) {
        if self.first <= self.last {
            self.words[self.first..=self.last].fill(0);
        }
        (self.first, self.last) = (usize::MAX, 0);
    }

    #[inline]
    pub(super) fn set(&mut self, number: usize) {
        let word = number / 64;
        self.words[word] |= 1 << (number % 64);
        self.first = self.first.min(word);
        self.last = self.last.max(word);
    }

    /// Takes out the smallest. For a run in which only greater ones are added.
    #[inline]
    pub(super) fn take_first(&mut self) -> Option<usize> {
        while self.first <= self.last {
            let word = &mut self.words[self.first];
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(self.first * 64 + bit);
            }
            self.first += 1;
        }
        (self.first, self.last) = (usize::MAX, 0);
        None
    }

    /// Takes out the greatest. For a run in which only smaller ones are added.
    #[inline]
    pub(super) fn take_last(&mut self) -> Option<usize> {
        while self.first <= self.last {
            let word = &mut self.words[self.last];
            if *word != 0 {
                let bit = 63 - word.leading_zeros() as usize;
                *word &= !(1 << bit);
                return Some(self.last * 64 + bit);
            }
            if self.last == 0 {
                break;
            }
            self.last -= 1;
        }
        (self.first, self.last) = (usize::MAX, 0);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_in_order_whatever_is_added_on_the_way() {
        let mut marks = Marks::all(0);
        assert_eq!((marks.take_first(), marks.take_last()), (None, None));
        let mut marks = Marks::all(200);
        assert_eq!(std::iter::from_fn(|| marks.take_first()).count(), 200);
        [130, 3, 64].into_iter().for_each(|number| marks.set(number));
        assert_eq!(marks.take_first(), Some(3));
        marks.set(199);
        assert_eq!(std::iter::from_fn(|| marks.take_first()).collect::<Vec<_>>(), [64, 130, 199]);
        [130, 3, 64].into_iter().for_each(|number| marks.set(number));
        assert_eq!(marks.take_last(), Some(130));
        marks.set(0);
        assert_eq!(std::iter::from_fn(|| marks.take_last()).collect::<Vec<_>>(), [64, 3, 0]);
    }
}
