//! What keeps nodes up to date.

use std::rc::Rc;

use leptos::reactive::effect::RenderEffect;
use leptos::reactive::graph::ToAnySubscriber;
use web_sys::Element;

use super::super::{Property, Words};
use super::set;
use crate::signals::stop;

/// An effect that takes itself off whatever it follows when it ends. Leptos leaves it listed there until that changes; of what never
/// does, the list would grow with everything that is ever shown.
pub(super) struct Following<T: 'static>(RenderEffect<T>);

impl<T: 'static> Following<T> {
    pub fn new(act: impl FnMut(Option<T>) -> T + 'static) -> Self {
        Self(RenderEffect::new(act))
    }
}

impl<T: 'static> Drop for Following<T> {
    fn drop(&mut self) {
        stop(&self.0.to_any_subscriber());
    }
}

/// Keeps an attribute as its value is.
pub(super) fn follow_attribute(
    element: &Element,
    name: &'static str,
    value: Rc<dyn Fn() -> Option<Words>>,
) -> Following<Option<Words>> {
    let element = element.clone();
    Following::new(move |before: Option<Option<Words>>| {
        let now = value();
        let same = match &before {
            Some(before) => *before == now,
            None => element.get_attribute(name).as_deref() == now.as_deref(),
        };
        if !same {
            set(&element, name, now.as_deref());
        }
        now
    })
}

/// Keeps what a person can change, too, as its value is.
pub(super) fn follow_property(element: &Element, property: Property, hydrating: bool) -> Following<()> {
    let element = element.clone();
    Following::new(move |before: Option<()>| {
        let (name, now) = match &property {
            Property::Value(value) => ("value", value().into()),
            Property::Checked(checked) => ("checked", checked().into()),
        };
        // Somebody may have typed before the program was there.
        if before.is_some() || !hydrating {
            let _ = js_sys::Reflect::set(&element, &name.into(), &now);
        }
    })
}
