//! Leptos's signals, memos, stored values and effects, with what they hold and do behind pointers.
//!
//! Leptos's own are compiled anew for each type of value and each closure: 5 KB of program for a memo of another kind, a fifth
//! of the whole page. These have the same names and methods, and one copy of the machinery. To be used through
//! [`crate::prelude`], where they stand in the place of the originals.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use ::leptos::prelude as leptos;
use ::leptos::reactive::graph::{AnySubscriber, Subscriber, ToAnySubscriber};
use leptos::{SetValue, Track, UpdateValue, With, WithUntracked, WithValue, use_context};

use crate::live::Live;

/// A value of any type.
struct Held(Box<dyn Any + Send + Sync>);

impl Held {
    fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self(Box::new(value))
    }

    /// The value. Whoever asks knows its type: it is part of the handle's.
    fn get<T: 'static>(&self) -> &T {
        match self.0.downcast_ref() {
            Some(value) => value,
            None => unreachable!("a handle has the type of what it holds"),
        }
    }

    fn get_mut<T: 'static>(&mut self) -> &mut T {
        match self.0.downcast_mut() {
            Some(value) => value,
            None => unreachable!("a handle has the type of what it holds"),
        }
    }
}

/// Calls a function through a pointer, and answers what it answered.
fn through<A: ?Sized, R>(function: impl FnOnce(&A) -> R, call: impl FnOnce(&mut dyn FnMut(&A))) -> Option<R> {
    let (mut function, mut answer) = (Some(function), None);
    call(&mut |argument| answer = function.take().map(|function| function(argument)));
    answer
}

/// The same with something to be changed.
fn through_mut<A: ?Sized, R>(
    function: impl FnOnce(&mut A) -> R,
    call: impl FnOnce(&mut dyn FnMut(&mut A)),
) -> Option<R> {
    let (mut function, mut answer) = (Some(function), None);
    call(&mut |argument| answer = function.take().map(|function| function(argument)));
    answer
}

/// What was read; there is nothing to read only where the original would have ended the program, too.
fn read<R>(answer: Option<R>) -> R {
    match answer {
        Some(answer) => answer,
        None => unreachable!("signals are read while they live"),
    }
}

/// Declares a handle: the original's, with the type that it holds.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident is $inner:ty) => {
        $(#[$doc])*
        pub struct $name<T>($inner, PhantomData<fn() -> T>);

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

/// Handles that are copied.
macro_rules! copied {
    ($($name:ident)+) => {$(
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}
    )+};
}

/// What all that can be followed have in common.
macro_rules! followed {
    ($($name:ident)+) => {$(
        impl<T: Send + Sync + 'static> $name<T> {
            /// Follows the value and looks at it.
            pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
                read(through(|held: &Held| look(held.get()), |look| self.0.with(|held| look(held))))
            }

            /// Looks at the value, once.
            pub fn with_untracked<R>(&self, look: impl FnOnce(&T) -> R) -> R {
                read(through(|held: &Held| look(held.get()), |look| self.0.with_untracked(|held| look(held))))
            }

            /// Follows the value and copies it.
            pub fn get(&self) -> T
            where
                T: Clone,
            {
                self.with(T::clone)
            }

            /// Copies the value, once.
            pub fn get_untracked(&self) -> T
            where
                T: Clone,
            {
                self.with_untracked(T::clone)
            }
        }
    )+};
}

/// What can be set.
macro_rules! settable {
    ($($name:ident of $inner:ty,)+) => {$(
        impl<T: Send + Sync + 'static> $name<T> {
            /// Holds this value from the start.
            pub fn new(value: T) -> Self {
                Self(<$inner>::new(Held::new(value)), PhantomData)
            }

            /// Gives it another value, and tells whoever follows it.
            pub fn set(&self, value: T) {
                leptos::Set::set(&self.0, Held::new(value));
            }

            /// Changes the value, and tells whoever follows it.
            pub fn update(&self, change: impl FnOnce(&mut T)) {
                let change = |held: &mut Held| change(held.get_mut());
                let _ = through_mut(change, |change| leptos::Update::update(&self.0, |held| change(held)));
            }
        }

        impl<T: Default + Send + Sync + 'static> Default for $name<T> {
            fn default() -> Self {
                Self::new(T::default())
            }
        }
    )+};
}

handle! {
    /// A value that can be followed and set.
    RwSignal is leptos::RwSignal<Held>
}
handle! {
    /// A value that can be followed and set, for as long as somebody has it.
    ArcRwSignal is leptos::ArcRwSignal<Held>
}
handle! {
    /// A value worked out from others, anew whenever they change.
    Memo is leptos::Memo<Held>
}
handle! {
    /// A value that can be changed, and not followed.
    StoredValue is leptos::StoredValue<Held>
}

copied! { RwSignal Memo StoredValue }
followed! { RwSignal ArcRwSignal Memo }
settable! { RwSignal of leptos::RwSignal<Held>, ArcRwSignal of leptos::ArcRwSignal<Held>, }

impl<T> RwSignal<T> {
    /// Follows the value.
    pub fn track(&self) {
        self.0.track();
    }
}

impl<T> Clone for ArcRwSignal<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> From<ArcRwSignal<T>> for RwSignal<T> {
    fn from(signal: ArcRwSignal<T>) -> Self {
        Self(signal.0.into(), PhantomData)
    }
}

type Compute = Box<dyn Fn(Option<&Held>) -> Held + Send + Sync>;

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// Works the value out from the one before.
    pub fn new(compute: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        fn differs<T: PartialEq + 'static>(before: Option<&Held>, now: Option<&Held>) -> bool {
            before.map(Held::get::<T>) != now.map(Held::get::<T>)
        }

        let compute: Compute = Box::new(move |before| Held::new(compute(before.map(Held::get))));
        Self(memo(compute, differs::<T>), PhantomData)
    }
}

fn memo(compute: Compute, differs: fn(Option<&Held>, Option<&Held>) -> bool) -> leptos::Memo<Held> {
    let memo = leptos::ArcMemo::new_with_compare(compute, differs);
    ends_with_its_owner(memo.to_any_subscriber());
    memo.into()
}

/// Takes a follower off whatever it follows when the piece of the page ends that it belongs to. Leptos leaves it listed there, and
/// what the page shows as long as it is open would list one more with every row that is ever drawn.
fn ends_with_its_owner(follower: AnySubscriber) {
    leptos::on_cleanup(move || stop(&follower));
}

/// Takes a follower off whatever it follows.
pub fn stop(follower: &AnySubscriber) {
    follower.clear_sources(follower);
}

impl<T: Send + Sync + 'static> StoredValue<T> {
    /// Holds this value from the start.
    pub fn new(value: T) -> Self {
        Self(leptos::StoredValue::new(Held::new(value)), PhantomData)
    }

    /// Looks at the value.
    pub fn with_value<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        read(through(|held: &Held| look(held.get()), |look| self.0.with_value(|held| look(held))))
    }

    /// Copies the value.
    pub fn get_value(&self) -> T
    where
        T: Clone,
    {
        self.with_value(T::clone)
    }

    /// Copies the value; `None` when it is no longer there.
    pub fn try_get_value(&self) -> Option<T>
    where
        T: Clone,
    {
        self.try_update_value(|value| value.clone())
    }

    /// Gives it another value.
    pub fn set_value(&self, value: T) {
        self.0.set_value(Held::new(value));
    }

    /// Changes the value.
    pub fn update_value(&self, change: impl FnOnce(&mut T)) {
        let _ = self.try_update_value(change);
    }

    /// Changes the value, and answers something; `None` when it is no longer there.
    pub fn try_update_value<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let change = |held: &mut Held| change(held.get_mut());
        through_mut(change, |change| {
            let _ = self.0.try_update_value(|held| change(held));
        })
    }
}

/// Does something in the browser once the page is there, and again whenever a signal that it read has changed.
pub fn effect(act: impl FnMut() + 'static) {
    begin(Box::new(act));
}

fn begin(mut act: Box<dyn FnMut()>) {
    // A page is taken over piece by piece, as the server saw it: what an effect changed meanwhile would not be in the pieces to come.
    let live = use_context::<Live>();
    let effect = leptos::Effect::new(move || {
        if live.is_none_or(|live| live.hydrated.get()) {
            act();
        }
    });
    // On the server there is none.
    if cfg!(feature = "hydrate") {
        ends_with_its_owner(effect.to_any_subscriber());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_is_listed_nowhere() {
        let page = leptos::Owner::new();
        let number = page.with(|| RwSignal::new(1));
        // How many know of a memo after its row is gone.
        let known = |read: bool| {
            let row = page.child();
            let memo = row.with(|| {
                let memo = Memo::new(move |_| number.get() + 1);
                if read {
                    assert_eq!(memo.get(), 2);
                }
                leptos::ArcMemo::from(memo.0)
            });
            drop(row);
            memo.to_any_subscriber().1.weak_count()
        };
        assert_eq!(known(true), known(false), "the signal lists one more for each that has read it");
    }

    #[test]
    fn memos_follow_signals_and_change_only_with_their_value() {
        let owner = leptos::Owner::new();
        owner.with(|| {
            let number = RwSignal::new(1);
            let runs = StoredValue::new(0);
            let odd = Memo::new(move |_| number.get() % 2 == 1);
            let word = Memo::new(move |_| {
                runs.update_value(|runs| *runs += 1);
                if odd.get() { "odd" } else { "even" }
            });
            assert_eq!((word.get(), runs.get_value()), ("odd", 1));
            number.update(|number| *number += 2);
            assert_eq!((word.get(), runs.get_value(), number.get_untracked()), ("odd", 1, 3));
            number.set(4);
            assert_eq!((word.get_untracked(), runs.get_value()), ("even", 2));
            let shared = ArcRwSignal::new(vec![1]);
            let handle = RwSignal::from(shared.clone());
            shared.set(vec![1, 2]);
            assert_eq!(handle.with(Vec::len), 2);
            assert_eq!(runs.try_update_value(std::mem::take), Some(2));
        });
    }
}
