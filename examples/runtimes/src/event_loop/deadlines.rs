//! The deadlines of many clients.

use std::{collections::BTreeSet, time::Duration};

/// The deadlines of all clients, at most one for each.
#[derive(Default)]
pub(super) struct Deadlines {
    ordered: BTreeSet<(Duration, usize)>,
    of_slots: Vec<Option<Duration>>,
}

impl Deadlines {
    /// Sets the deadline of a client. A later one than before is ignored until [`take_due`](Self::take_due): the
    /// client has its turn early, and sets it again. So a message costs no change of the set.
    pub(super) fn set(&mut self, slot: usize, deadline: Option<Duration>) {
        if slot >= self.of_slots.len() {
            self.of_slots.resize(slot + 1, None);
        }
        let before = self.of_slots[slot];
        if before.zip(deadline).is_none_or(|(before, deadline)| deadline < before) && before != deadline {
            self.of_slots[slot] = deadline;
            before.map(|at| self.ordered.remove(&(at, slot)));
            self.ordered.extend(deadline.map(|at| (at, slot)));
        }
    }

    /// Removes the first deadline if it has passed, and returns its client.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<usize> {
        let &(at, slot) = self.ordered.first()?;
        if at > now {
            return None;
        }
        self.set(slot, None);
        Some(slot)
    }

    pub(super) fn first(&self) -> Option<Duration> {
        self.ordered.first().map(|(at, _)| *at)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ordered.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_deadline_is_set_once_the_earlier_one_is_due() {
        let at = Duration::from_secs;
        let mut deadlines = Deadlines::default();
        deadlines.set(3, Some(at(5)));
        deadlines.set(3, Some(at(9)));
        assert_eq!((deadlines.first(), deadlines.len()), (Some(at(5)), 1));
        deadlines.set(3, Some(at(4)));
        assert_eq!((deadlines.first(), deadlines.len()), (Some(at(4)), 1));
        assert_eq!(deadlines.take_due(at(3)), None);
        assert_eq!(deadlines.take_due(at(4)), Some(3));
        assert_eq!((deadlines.first(), deadlines.len()), (None, 0));
        deadlines.set(3, Some(at(9)));
        deadlines.set(3, None);
        assert_eq!((deadlines.first(), deadlines.len()), (None, 0));
    }
}
