//! What can be wrong about the list of stacks.

use cloudgrant_conformance::reference::Cloud;
use cloudgrant_core::{FoundStack, Stack, Stacks};

use super::breakage;

breakage! {
    /// Lists the manifest's own stack alone.
    OwnAlone {
        fn listed(&self, _: &Cloud, stacks: &mut Stacks) {
            stacks.found.retain(|stack| stack.is_this);
        }
    }
}

breakage! {
    /// Takes the homes of one name for one stack.
    NamesAlone {
        fn listed(&self, _: &Cloud, stacks: &mut Stacks) {
            let mut merged: Vec<FoundStack> = Vec::new();
            for stack in stacks.found.drain(..) {
                match merged.iter_mut().find(|known| known.name == stack.name) {
                    Some(known) => {
                        known.objects.extend(stack.objects);
                        known.is_this |= stack.is_this;
                    }
                    None => merged.push(stack),
                }
            }
            stacks.found = merged;
        }
    }
}

breakage! {
    /// Doesn't say how to be at another home.
    Nowhere {
        fn listed(&self, _: &Cloud, stacks: &mut Stacks) {
            for stack in stacks.found.iter_mut().filter(|stack| !stack.is_this) {
                stack.settings = None;
            }
        }
    }
}

breakage! {
    /// Lists what isn't there.
    Undead {
        fn listed(&self, _: &Cloud, stacks: &mut Stacks) {
            let Ok(name) = Stack::parse("acme-of-old") else { return };
            let (objects, elsewhere, platform_places, fill_in) = Default::default();
            let (home, is_this, settings) = ("first".to_owned(), false, None);
            let one = FoundStack { name, home, is_this, objects, elsewhere, platform_places, settings, fill_in, platform_settings: std::collections::BTreeMap::new() };
            stacks.found.push(one);
        }
    }
}

breakage! {
    /// Takes every stack for the manifest's.
    EverybodysOwn {
        fn listed(&self, _: &Cloud, stacks: &mut Stacks) {
            stacks.found.iter_mut().for_each(|stack| stack.is_this = true);
        }
    }
}
