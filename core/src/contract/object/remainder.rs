//! What is left of an object's attributes when some of what it is for is taken away, and all else stays as it is.

use serde_json::{Map, Value};

use crate::vocabulary::names::GrantName;

/// What is left of an object that is for several grants, once some of them are taken away.
#[derive(Debug, Clone, PartialEq)]
pub enum Remainder {
    /// These attributes.
    Left(Value),
    /// Nothing: the object goes.
    Nothing,
    /// The provider doesn't tell whose the parts of objects of this kind are. Core goes by keys and by lists of texts then.
    Untold,
    /// What this one gives can't be told, such as that of a condition that somebody rewrote. As long as something that stays asks
    /// for the object, core leaves it exactly as it is, and tells that.
    Unreadable,
}

/// The attributes of an object that is for several grants, of which some are taken away.
#[derive(Debug, Clone, Copy)]
pub struct Shares<'a> {
    /// What is there. It may be what the manifest said earlier.
    pub there: &'a Value,
    /// What the manifest asks for, with all grants.
    pub baseline: &'a Value,
    /// The same without those that are taken away; `None` where nothing else asks for the object.
    pub wanted: Option<&'a Value>,
    /// What those that are taken away ask for by themselves; `None` where that is nothing.
    pub revoked: Option<&'a Value>,
    /// Whether grants that stay ask for something that isn't in the cloud as the manifest has it, on this object or another one:
    /// then what is there and nothing asks for may be theirs, and stays.
    pub are_others_edited: bool,
    /// The grants that stay: a provider that writes names into what it makes sees by them what is theirs.
    pub kept: &'a [GrantName],
}

impl Shares<'_> {
    /// What is left by keys and by lists of texts: what core takes for left where a provider doesn't tell. For a provider that
    /// leaves something out of what is there.
    pub fn by_keys(&self) -> Remainder {
        let Some(wanted) = self.wanted else { return Remainder::Untold };
        remainder(self.there, self.baseline, wanted, self.revoked, self.are_others_edited)
    }

    /// What is left of an object whose only attribute is a map of texts that each name a principal, as what platforms are told is: where
    /// one is to change, it becomes what is wanted, also where it names another principal than the manifest did with all grants. Left as
    /// it is, pods would be under a principal that goes. For what the platform itself knows as the stack's by its value: where somebody
    /// else can put another one under the stack's mark, the backend sees to that first.
    pub fn of_names(&self, attribute: &str) -> Remainder {
        let Some(wanted) = self.wanted.filter(|wanted| *wanted != self.baseline) else { return Remainder::Untold };
        let names = |of: &Value| of[attribute].as_object().cloned().unwrap_or_default();
        let (baseline, wanted, mut left) = (names(self.baseline), names(wanted), names(self.there));
        left.retain(|key, _| wanted.contains_key(key) || !baseline.contains_key(key));
        for (key, value) in wanted {
            let is_same = baseline.get(&key) == Some(&value);
            // What the baseline has as well is for an apply to make.
            if !is_same && (left.contains_key(&key) || !baseline.contains_key(&key)) {
                left.insert(key, value);
            }
        }
        Remainder::Left(Map::from_iter([(attribute.to_owned(), left.into())]).into())
    }
}

/// What is there, less what the baseline has and what is wanted has not. Where the two are the same, what is there stays,
/// also where it differs from them: that is for an apply to change. [`Remainder::Nothing`] where a list loses all that it has: then
/// nothing is left of the whole, as what names nobody and nothing gives nothing.
///
/// What is in a list and neither wanted nor revoked may be what others had before they were edited: then it stays.
///
/// A text, and a list of lists or of maps, has no parts that core knows: where it is to change and is not as the baseline has it,
/// what is wanted may be more than what is there, and may be less than what others have of it. Then nobody can tell what is left.
fn remainder(
    there: &Value,
    baseline: &Value,
    wanted: &Value,
    revoked: Option<&Value>,
    are_others_edited: bool,
) -> Remainder {
    if baseline == wanted || there == wanted {
        return Remainder::Left(there.clone());
    }
    if let (Value::Object(there), Value::Object(baseline), Value::Object(wanted)) = (there, baseline, wanted) {
        return of_maps(there, baseline, wanted, revoked, are_others_edited);
    }
    let (Value::Array(there), Value::Array(baseline), Value::Array(wanted)) = (there, baseline, wanted) else {
        return if there == baseline { Remainder::Left(wanted.clone()) } else { Remainder::Unreadable };
    };
    if !(is_flat(there) && is_flat(wanted)) {
        return of_elements(there, baseline, wanted, revoked, are_others_edited);
    }
    let revoked = revoked.and_then(Value::as_array);
    let is_revoked = |element: &Value| revoked.is_some_and(|revoked| revoked.contains(element));
    let is_others = |element: &Value| {
        are_others_edited && !wanted.contains(element) && !baseline.contains(element) && !is_revoked(element)
    };
    let stays = |element: &&Value| there.contains(element) || !baseline.contains(element);
    let kept = wanted.iter().filter(stays);
    let others: Vec<_> = there.iter().filter(|element| is_others(element)).collect();
    let mut left: Vec<_> = kept.chain(others.iter().copied()).cloned().collect();
    if !others.is_empty() && is_sorted(there) {
        left.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    }
    of_list(left, there, wanted)
}

/// Of lists of lists or of maps: which of their elements stand for the same thing, their order tells where all have as many.
fn of_elements(
    there: &[Value],
    baseline: &[Value],
    wanted: &[Value],
    revoked: Option<&Value>,
    are_others_edited: bool,
) -> Remainder {
    if there == baseline {
        return Remainder::Left(wanted.into());
    }
    if there.len() == baseline.len() && there.len() == wanted.len() {
        let as_many = baseline.len();
        let each = there.iter().zip(baseline).zip(wanted).enumerate().map(|(at, ((there, baseline), wanted))| {
            let revoked = revoked.and_then(Value::as_array).filter(|revoked| revoked.len() == as_many);
            remainder(there, baseline, wanted, revoked.and_then(|revoked| revoked.get(at)), are_others_edited)
        });
        return all(each).map_or_else(|none| none, |left| Remainder::Left(left.into()));
    }
    let is_known = there.iter().chain(wanted).all(|element| baseline.contains(element));
    if !is_known {
        return Remainder::Unreadable;
    }
    let left: Vec<_> = there.iter().filter(|element| wanted.contains(element)).cloned().collect();
    // Whether it is nothing without such elements, and others can do without it, only the provider knows.
    if left.is_empty() && !wanted.is_empty() { Remainder::Unreadable } else { Remainder::Left(left.into()) }
}

fn of_list(left: Vec<Value>, there: &[Value], wanted: &[Value]) -> Remainder {
    let is_something = !left.is_empty() || there.is_empty() || wanted.is_empty();
    if is_something { Remainder::Left(left.into()) } else { Remainder::Nothing }
}

fn of_maps(
    there: &Map<String, Value>,
    baseline: &Map<String, Value>,
    wanted: &Map<String, Value>,
    revoked: Option<&Value>,
    are_others_edited: bool,
) -> Remainder {
    let (mut keys, mut parts) = (Vec::new(), Vec::new());
    for (key, value) in there {
        parts.push(match (baseline.get(key), wanted.get(key)) {
            (Some(baseline), Some(wanted)) => {
                let revoked = revoked.and_then(|revoked| revoked.get(key));
                remainder(value, baseline, wanted, revoked, are_others_edited)
            }
            (Some(_), None) => continue,
            (None, Some(wanted)) if value != wanted => Remainder::Unreadable,
            (None, _) => Remainder::Left(value.clone()),
        });
        keys.push(key.clone());
    }
    let mut left: Map<_, _> = match all(parts) {
        Ok(left) => keys.into_iter().zip(left).collect(),
        Err(none) => return none,
    };
    for (key, wanted) in wanted {
        // What the baseline has as well, and what isn't there, is for an apply to make.
        if !there.contains_key(key) && !baseline.contains_key(key) {
            left.insert(key.clone(), wanted.clone());
        }
    }
    Remainder::Left(left.into())
}

/// What is left of each part. Where one can't be told, the whole can't, whatever becomes of the others.
fn all(parts: impl IntoIterator<Item = Remainder>) -> Result<Vec<Value>, Remainder> {
    let (mut left, mut none) = (Vec::new(), None);
    for part in parts {
        match part {
            Remainder::Left(value) => left.push(value),
            Remainder::Nothing if none.is_none() => none = Some(Remainder::Nothing),
            Remainder::Nothing => {}
            Remainder::Unreadable | Remainder::Untold => none = Some(Remainder::Unreadable),
        }
    }
    none.map_or(Ok(left), Err)
}

/// Whether a list is in the order of its texts: what is added to it comes in its place then.
fn is_sorted(list: &[Value]) -> bool {
    list.is_sorted_by_key(|element| element.as_str())
}

fn is_flat(list: &[Value]) -> bool {
    !list.iter().any(|element| element.is_array() || element.is_object())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is left; and nothing more is taken away when it is asked again.
    fn left(there: &Value, baseline: &Value, wanted: &Value) -> Value {
        let left = remainder(there, baseline, wanted, None, false);
        let Remainder::Left(left) = left else { panic!("{left:?} of {there}") };
        assert_eq!(remainder(&left, baseline, wanted, None, false), Remainder::Left(left.clone()), "asked again");
        left
    }

    #[test]
    fn what_is_as_the_baseline_has_it_becomes_what_is_wanted() {
        for (baseline, wanted) in [
            (json!({"a": 1, "b": [1, 2]}), json!({"a": 1, "b": [2]})),
            (json!({"a": {"b": 1}}), json!({"a": {}})),
            (json!([{"a": 1}, {"b": 1}]), json!([{"b": 1}])),
            (json!("one"), json!("other")),
        ] {
            assert_eq!(left(&baseline, &baseline, &wanted), wanted);
        }
    }

    #[test]
    fn what_was_edited_and_never_applied_stays_as_it_is() {
        let there = json!({"actions": ["pull"], "who": ["a", "b", "by hand"], "old": 1});
        let baseline = json!({"actions": ["pull", "push"], "who": ["a", "b", "new"], "more": 1});
        let wanted = json!({"actions": ["pull", "push"], "who": ["a", "new"], "more": 1});
        // What nothing names any more goes with the rest of a list that is changed.
        assert_eq!(left(&there, &baseline, &wanted), json!({"actions": ["pull"], "who": ["a"], "old": 1}));
    }

    #[test]
    fn what_takes_the_place_of_what_goes_is_added() {
        let (there, baseline, wanted) =
            (json!({"who": ["all"]}), json!({"who": ["all"]}), json!({"who": ["few"], "if": 1}));
        assert_eq!(left(&there, &baseline, &wanted), wanted);
    }

    #[test]
    fn of_lists_of_maps_nothing_is_given_that_is_not_there() {
        let (a, b, c) = (json!({"sid": "a", "who": [1]}), json!({"sid": "b"}), json!({"sid": "c"}));
        let of = |there: &Value, baseline: &Value, wanted: &Value| remainder(there, baseline, wanted, None, false);
        let baseline = json!([a, b, c]);
        assert_eq!(of(&json!([a, c]), &baseline, &json!([b, c])), Remainder::Left(json!([c])));
        assert_eq!(of(&json!([a]), &baseline, &json!([b])), Remainder::Unreadable);
        assert_eq!(of(&json!([{"sid": "a", "who": [2]}, c]), &baseline, &json!([a, b])), Remainder::Unreadable);
        // As many in each: the first stands for the first.
        let who = |who: &[&str]| json!([{"who": who, "may": "x"}]);
        let (there, baseline, wanted) = (who(&["a", "b"]), who(&["a", "b", "new"]), who(&["b", "new"]));
        assert_eq!(of(&there, &baseline, &wanted), Remainder::Left(who(&["b"])));
    }

    /// It may be what somebody wrote by hand, or what it was before it was edited.
    #[test]
    fn a_text_that_differs_is_left_to_nobody() {
        let of = |there: Value, baseline: Value, wanted: Value| remainder(&there, &baseline, &wanted, None, true);
        assert_eq!(of(json!("by hand"), json!("a or b"), json!("b")), Remainder::Unreadable);
        assert_eq!(of(json!("*"), json!({"AWS": ["a", "b"]}), json!({"AWS": ["b"]})), Remainder::Unreadable);
        let (there, baseline) = (json!({"if": "by hand", "who": ["a"]}), json!({"if": "a or b", "who": ["a", "b"]}));
        assert_eq!(of(there.clone(), baseline.clone(), json!({"if": "b", "who": ["b"]})), Remainder::Unreadable);
        // It isn't in the way of what else changes.
        let left = json!({"if": "by hand", "who": ["a"]});
        assert_eq!(of(there.clone(), baseline, json!({"if": "a or b", "who": ["a"]})), Remainder::Left(left));
        assert_eq!(of(there, json!({"who": ["a"]}), json!({"who": ["a"], "if": "a"})), Remainder::Unreadable);
        assert_eq!(of(json!("b"), json!("a or b"), json!("b")), Remainder::Left(json!("b")));
    }

    #[test]
    fn what_others_may_have_had_before_they_were_edited_stays() {
        let there = json!({"who": ["a", "former", "revoked"]});
        let (baseline, wanted) = (json!({"who": ["a", "b", "revoked"]}), json!({"who": ["a", "b"]}));
        let left = |are_others_edited| remainder(&there, &baseline, &wanted, None, are_others_edited);
        assert_eq!(left(true), Remainder::Left(json!({"who": ["a", "former"]})));
        assert_eq!(left(false), Remainder::Left(json!({"who": ["a"]})));
        let revoked = json!({"who": ["former", "revoked"]});
        assert_eq!(remainder(&there, &baseline, &wanted, Some(&revoked), true), Remainder::Left(json!({"who": ["a"]})));
    }

    #[test]
    fn what_names_a_principal_is_one_text_and_becomes_what_is_wanted() {
        let of = |names: &[(&str, &str)]| json!({ "told": names.iter().copied().collect::<std::collections::BTreeMap<_, _>>() });
        let left = |there: &Value, baseline: &Value, wanted: Option<&Value>| {
            Shares { there, baseline, wanted, revoked: None, kept: &[], are_others_edited: true }.of_names("told")
        };
        let (narrow, domain, global) =
            (of(&[("role", "narrow")]), of(&[("role", "domain")]), of(&[("role", "global")]));
        assert_eq!(left(&narrow, &domain, Some(&global)), Remainder::Left(global.clone()));
        assert_eq!(left(&narrow, &domain, Some(&of(&[]))), Remainder::Left(of(&[])));
        // What the baseline has as well, and isn't there, is nothing to what is taken away.
        let (two, other) = (of(&[("role", "global"), ("more", "new")]), of(&[("role", "domain"), ("more", "new")]));
        assert_eq!(left(&domain, &other, Some(&two)), Remainder::Left(global));
        // What neither names stays.
        let more = of(&[("role", "narrow"), ("else", "kept")]);
        assert_eq!(left(&more, &domain, Some(&of(&[]))), Remainder::Left(of(&[("else", "kept")])));
        for wanted in [None, Some(&domain)] {
            assert_eq!(left(&narrow, &domain, wanted), Remainder::Untold);
        }
    }

    /// A statement for nobody is refused by the cloud.
    #[test]
    fn a_list_without_its_last_element_leaves_nothing() {
        let (baseline, wanted) = (json!({"who": ["a", "new"], "may": 1}), json!({"who": ["new"], "may": 1}));
        assert_eq!(remainder(&json!({"who": ["a"], "may": 1}), &baseline, &wanted, None, false), Remainder::Nothing);
        // What has no elements anyway is no such list.
        let (baseline, wanted) = (json!({"not": [], "who": ["a"]}), json!({"not": [], "who": []}));
        assert_eq!(remainder(&baseline, &baseline, &wanted, None, false), Remainder::Left(wanted));
    }
}
