//! Which stacks there are: what was made under any name, so that one that was renamed is no forgotten access.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::backend::platform_place::PlatformPlace;
use crate::contract::object::ObjectId;
use crate::contract::object::observed::Unsearched;
use crate::text::redact::redacted;
use crate::vocabulary::names::Stack;

/// The stacks of whatever the provider's credentials reach: an account, a tenant's subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stacks {
    /// One for each stack and home, in the order of their names: one name may have several homes, and these are different
    /// stacks.
    pub found: Vec<FoundStack>,
    /// What could not be read, so that something of a stack may be there, or a home isn't known.
    pub unsearched: Vec<Unsearched>,
}

/// What a stack has at one of its homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundStack {
    /// Its name.
    pub name: Stack,
    /// Its home, for people, as the cloud's own tags and descriptions have it.
    pub home: String,
    /// Whether it is the manifest's stack at the manifest's home.
    pub is_this: bool,
    /// What it owns: at the least all that is the stack's alone.
    pub objects: BTreeSet<ObjectId>,
    /// Places outside its home where it has parts of what others write too, such as a statement in a repository's policy,
    /// as far as these aren't among the objects.
    pub elsewhere: BTreeSet<String>,
    /// Places on platforms that marks at its home name ([`Provider::platform_place`](crate::Provider::platform_place)). Core tells
    /// them as [elsewhere](Self::elsewhere), and what of them wasn't searched.
    pub platform_places: BTreeSet<String>,
    /// What the provider's section has to say in order to be at this home, by its keys; empty for the manifest's own home.
    /// `None` where no run can be there: what has to be found out or made first stands in [`Stacks::unsearched`].
    pub settings: Option<BTreeMap<String, String>>,
    /// What the provider's section also has to say so that everything can be taken back, and only a person knows: by its keys,
    /// with dots between them, each with what is to be filled in.
    pub fill_in: BTreeMap<String, String>,
    /// What the platform's section has to say so that those places are searched, where it doesn't yet: by its keys. Core fills it
    /// in, by what the platform says.
    pub platform_settings: BTreeMap<String, PlatformSetting>,
}

/// What a key of the platform's section has to say so that places are searched: its values, each with the places that it leads to, and
/// with the variable outside of all manifests that selects one of these. A run reaches one place alone.
pub type PlatformSetting = BTreeMap<String, BTreeMap<String, &'static str>>;

/// How a place on a platform is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayTo {
    /// What somebody has to do, as the end of a sentence: keys, variables, a context.
    pub told: String,
    /// The key of the platform's section that says so, and its value for whoever leaves the place.
    pub setting: (&'static str, &'static str),
    /// Whether that key leads to such places already, with this value or another one.
    pub is_set: bool,
    /// The variable by which one of several such places is selected, whatever a manifest says.
    pub variable: &'static str,
}

/// What a stack has on a platform, where a mark is all that says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The stack's name.
    pub stack: Stack,
    /// The mark of it at its home ([`Backend::mark`](crate::Backend::mark)): the home itself it doesn't say.
    pub mark: String,
    /// What carries it.
    pub objects: BTreeSet<ObjectId>,
    /// What to do with it where nobody knows the home.
    pub remedy: String,
}

impl Stacks {
    /// Adds what stacks have on a platform to what they have in the cloud. What belongs to none of these is of the manifest's own
    /// stack and home, or of one that nobody knows.
    pub(crate) fn add(&mut self, marked: Vec<Marked>, own: (&Stack, &str), mark: impl Fn(&Stack, &str) -> String) {
        for Marked { stack: name, mark: is, objects, remedy } in marked {
            let of_it = |found: &&mut FoundStack| found.name == name && mark(&name, &found.home) == is;
            if let Some(found) = self.found.iter_mut().find(of_it) {
                found.objects.extend(objects);
                continue;
            }
            let is_this = name == *own.0 && mark(own.0, own.1) == is;
            let (home, settings) = if is_this {
                (own.1.to_owned(), Some(BTreeMap::new()))
            } else {
                let reason = format!(
                    "the cloud has nothing of it where these credentials reach, and `{is}`, which is written on what it owns, \
                     doesn't say its home. With its manifest, `revoke --all` takes it back; {remedy}"
                );
                self.unsearched.push(Unsearched { place: format!("the home of stack {name} (`{is}`)"), reason });
                (format!("one that stands as `{is}`"), None)
            };
            self.found.push(FoundStack {
                name,
                home,
                is_this,
                objects,
                elsewhere: BTreeSet::new(),
                platform_places: BTreeSet::new(),
                settings,
                fill_in: BTreeMap::new(),
                platform_settings: BTreeMap::new(),
            });
        }
    }

    /// Tells of the places on platforms that their homes name. `reached` are those that were searched.
    pub(crate) fn tell_places(&mut self, reached: &[PlatformPlace], way_to: impl Fn(&str) -> Option<WayTo>) {
        for found in &mut self.found {
            found.platform_settings = settings_for(&found.platform_places, &way_to);
            for place in std::mem::take(&mut found.platform_places) {
                if !reached.iter().any(|reached| reached.name == place) {
                    let of = format!("stack {} told a platform there which principals are its own", found.name);
                    self.unsearched.push(not_reached(&place, &of, way_to(&place)));
                }
                found.elsewhere.insert(place);
            }
        }
    }

    /// Brings them into the order of their names, the manifest's own first among those of one name.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.found.sort_by(|a, b| (&a.name, !a.is_this, &a.home).cmp(&(&b.name, !b.is_this, &b.home)));
        self.unsearched.sort();
        self.unsearched.dedup();
        self
    }
}

/// What the platform's section has to say so that places are searched. A key that leads to all of them already has nothing to say.
fn settings_for(
    places: &BTreeSet<String>,
    way_to: impl Fn(&str) -> Option<WayTo>,
) -> BTreeMap<String, PlatformSetting> {
    let mut all: BTreeMap<String, PlatformSetting> = BTreeMap::new();
    let mut unset = BTreeSet::new();
    for place in places {
        let Some(WayTo { setting: (key, value), is_set, variable, told: _ }) = way_to(place) else { continue };
        all.entry(key.to_owned()).or_default().entry(value.to_owned()).or_default().insert(redacted(place), variable);
        unset.extend((!is_set).then_some(key));
    }
    // One setting may lead to several places, but only to one of a way.
    let are_reached = |values: &PlatformSetting| values.values().all(|places| places.len() == 1);
    all.retain(|key, values| unset.contains(key.as_str()) || !are_reached(values));
    all
}

/// A place on a platform to which this run has no way. `why` says what may be there.
pub(crate) fn not_reached(place: &str, why: &str, way: Option<WayTo>) -> Unsearched {
    let way = way.map_or_else(|| "select the platform that it is of".to_owned(), |way| way.told);
    Unsearched {
        place: redacted(place),
        reason: format!("{why}, and nothing here leads to it. To have it searched, {way}"),
    }
}

/// What to do where another stack has told a platform what this one is to tell it, with another value: this one isn't applied as long
/// as that is there. `between` says what tasks have until it is.
pub fn in_the_way_of_another(stack: &Stack, is_at_same_home: bool, between: &str) -> String {
    let (home, command) = match is_at_same_home {
        true => ("the same home", format!("`cloudgrant revoke --all --stack {stack}`")),
        false => ("another home", "the command that `cloudgrant stacks` prints for it".to_owned()),
    };
    format!(
        "it is told by stack {stack}, at {home}. If that is this stack from before, take it back first, with {command}, and apply this \
         one after that: {between}. If both are to stay, they can't bind the same projects and domains"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(name: &str) -> Stack {
        Stack::parse(name).expect("a stack")
    }

    fn marked(name: &str, mark: &str) -> Marked {
        let objects = [ObjectId::new("annotation", format!("of {mark}"))].into_iter().collect();
        Marked { stack: stack(name), mark: mark.to_owned(), objects, remedy: "take it off".to_owned() }
    }

    #[test]
    fn what_is_on_a_platform_joins_what_is_in_the_cloud() {
        let in_cloud = FoundStack {
            name: stack("acme"),
            home: "blue".to_owned(),
            is_this: false,
            objects: [ObjectId::new("role", "a")].into_iter().collect(),
            elsewhere: BTreeSet::new(),
            platform_places: ["cluster one".to_owned(), "cluster two".to_owned()].into(),
            settings: Some([("home".to_owned(), "blue".to_owned())].into_iter().collect()),
            fill_in: BTreeMap::new(),
            platform_settings: BTreeMap::new(),
        };
        let mut stacks = Stacks { found: vec![in_cloud.clone()], unsearched: Vec::new() };
        let all = [("acme", "acme@blue"), ("acme", "acme@green"), ("acme", "acme@red"), ("other", "other@blue")];
        let all = all.map(|(name, mark)| marked(name, mark));
        stacks.add(all.into(), (&stack("acme"), "green"), |stack, home| format!("{stack}@{home}"));
        let told = |found: &FoundStack| {
            let (name, home) = (found.name.to_string(), found.home.clone());
            (name, home, found.is_this, found.objects.len(), found.settings.is_some())
        };
        let told: Vec<_> = stacks.found.iter().map(told).collect();
        let of = |name: &str, home: &str, is_this, objects, is_known| {
            (name.to_owned(), home.to_owned(), is_this, objects, is_known)
        };
        assert_eq!(
            told,
            [
                of("acme", "blue", false, 2, true),
                of("acme", "green", true, 1, true),
                of("acme", "one that stands as `acme@red`", false, 1, false),
                of("other", "one that stands as `other@blue`", false, 1, false),
            ]
        );
        assert_eq!(stacks.found[0].settings, in_cloud.settings);
        let mut places = stacks.clone();
        let way = |place: &str, value, is_set| WayTo {
            told: format!("select {place}"),
            setting: ("by", value),
            is_set,
            variable: "PLACE",
        };
        let one = PlatformPlace { name: "cluster one".to_owned(), kinds: &[] };
        places.tell_places(&[one], |place| Some(way(place, "leave", true)));
        let new: Vec<_> = places.unsearched.iter().filter(|one| !stacks.unsearched.contains(one)).collect();
        assert!(
            matches!(new.as_slice(), [one] if one.place == "cluster two" && one.reason.ends_with("select cluster two"))
        );
        assert_eq!(places.found[0].elsewhere, in_cloud.platform_places);
        // What the platform's section says already isn't said once more, unless there are several places: each takes a run of its own.
        let settings = |way_to: &dyn Fn(&str) -> Option<WayTo>| {
            let mut places = stacks.clone();
            places.tell_places(&[], way_to);
            let of = |(key, values): (&String, &PlatformSetting)| (key.clone(), values.keys().cloned().collect());
            places.found[0].platform_settings.iter().map(of).collect::<BTreeMap<_, Vec<_>>>()
        };
        let by =
            |values: &[&str]| BTreeMap::from([("by".to_owned(), values.iter().map(|one| (*one).to_owned()).collect())]);
        assert_eq!(settings(&|place| Some(way(place, "leave", true))), by(&["leave"]));
        assert_eq!(
            settings(&|place| Some(way(place, "leave", true)).filter(|_| place.ends_with("one"))),
            BTreeMap::new()
        );
        assert_eq!(settings(&|place| Some(way(place, "leave", false))), by(&["leave"]));
        let one = |place: &str| place.ends_with("one");
        let each = |place: &str| Some(way(place, if one(place) { "leave one" } else { "leave two" }, one(place)));
        assert_eq!(settings(&each), by(&["leave one", "leave two"]));
        assert_eq!(settings(&|_| None), BTreeMap::new());
        assert!(stacks.unsearched.len() == 2 && stacks.unsearched[0].reason.ends_with("take it off"), "{stacks:?}");
    }
}
