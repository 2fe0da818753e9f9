//! Names: deterministic, so that a run after a crash finds what the one before made.

pub(crate) mod resource_id;

use std::collections::BTreeMap;

use cloudgrant_core::digest::{digest, shortened};
use cloudgrant_core::{Domain, Pair, Scope, Stack};
use uuid::Uuid;

use crate::config::Guid;
use crate::names::resource_id::{ResourceId, folded};

/// Source: Azure documentation, "Naming rules and restrictions", Microsoft.ManagedIdentity.
const LONGEST_IDENTITY: usize = 128;
/// Source: Azure documentation, "Important considerations and restrictions for federated identity credentials".
const LONGEST_CREDENTIAL: usize = 120;
/// Beneath which the names of role assignments and definitions are derived (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x8d6f_2f0e_66b1_5d0a_9c3d_4d2c_1b7e_a5f0);

/// The mark of the stack on its managed identities, together with that of its home.
pub(crate) const STACK_TAG: &str = "cloudgrant:stack";
/// Source: Azure documentation, "Use tags to organize your Azure resources", limitations: characters of a value.
pub(crate) const LONGEST_TAG: usize = 256;
/// Where the stack lives: subscription and resource group. The same stack at another home is somebody else's.
pub(crate) const HOME_TAG: &str = "cloudgrant:home";
/// The subscription that a place's identity names (see [`crate::marks::places`]).
pub(crate) const PLACE_TAG: &str = "cloudgrant:place";
/// The place on a platform that an identity names (see [`crate::marks::platform_places`]).
pub(crate) const PLATFORM_TAG: &str = "cloudgrant:platform-place";
/// The handoff that was confirmed (see [`crate::marks::confirmations`]), the digest of its document, and the day.
pub(crate) const HANDOFF_TAG: &str = "cloudgrant:handoff";
pub(crate) const DOCUMENT_TAG: &str = "cloudgrant:document";
pub(crate) const CONFIRMED_TAG: &str = "cloudgrant:confirmed";
/// How the tags begin that say how a confirmed handoff was asked for: a tag for each entry, as a value has 256 characters.
pub(crate) const ASKED_TAG: &str = "cloudgrant:asked:";
/// The unit of the cloud's that an identity is put on: where to look for it there.
pub(crate) const UNIT_TAG: &str = "cloudgrant:unit";
/// What the stack put on a unit that isn't its own (see [`crate::marks::units`]): an identity; or a setting, with what it was set to and
/// what it was before.
pub(crate) const IDENTITY_TAG: &str = "cloudgrant:identity";
pub(crate) const SETTING_TAG: &str = "cloudgrant:setting";
pub(crate) const SET_TAG: &str = "cloudgrant:set";
pub(crate) const BEFORE_TAG: &str = "cloudgrant:before";
/// The scope that an identity serves, for people who meet it in the portal.
pub(crate) const SCOPE_TAG: &str = "cloudgrant:scope";

/// How the descriptions of role assignments and custom roles begin.
const DESCRIPTION: &str = "Task code access, managed by cloudgrant";

/// The stack and the home in the description of something of any stack.
pub(crate) fn described(description: &str) -> Option<(Stack, &str)> {
    let rest = description.strip_prefix(DESCRIPTION)?.strip_prefix(" (stack ")?.strip_suffix(')')?;
    let (stack, home) = rest.split_once(", home ")?;
    Some((Stack::parse(stack).ok()?, home))
}

/// The names of what a stack makes, and its mark: the stack's name and its home.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    stack: Stack,
    group: ResourceId,
    home: String,
    /// What the manifest has on each identity besides.
    tags: BTreeMap<String, String>,
}

/// What a tag says. The case of its name says nothing. Source: Azure documentation, "Use tags to organize your Azure
/// resources".
pub(crate) fn tag_of<'a>(tags: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| known.to_lowercase() == name.to_lowercase()).map(|(_, value)| value.as_str())
}

/// How the names of identities begin that stacks make: of a scope's, and of one that names a place.
const OF_IDENTITIES: [&str; 2] = ["cloudgrant_", "cloudgrant-place_"];

/// Whether an identity is called as those of some stack are, with no tag that says whose it is.
pub(crate) fn may_have_lost_its_mark(id: &ResourceId, tags: &BTreeMap<String, String>) -> bool {
    let name = id.name().to_ascii_lowercase();
    OF_IDENTITIES.iter().any(|mark| name.starts_with(mark)) && says_nothing(tags)
}

/// Whether no tag says whose an identity is.
fn says_nothing(tags: &BTreeMap<String, String>) -> bool {
    [STACK_TAG, HOME_TAG].iter().all(|key| tag_of(tags, key).is_none())
}

impl Names {
    /// The names of a stack whose identities are in a resource group: that, with its subscription, is the stack's home.
    pub(crate) fn new(stack: Stack, group: ResourceId) -> Self {
        let home = format!("{}/{}", group.subscription(), group.name().to_lowercase());
        Self { stack, group, home, tags: BTreeMap::new() }
    }

    /// The names of a stack at a home as marks have it, `SUBSCRIPTION/RESOURCE_GROUP`. `None` for what is no home.
    pub(crate) fn at(stack: Stack, home: &str) -> Option<Self> {
        let (subscription, group) = home.split_once('/')?;
        let group = ResourceId::parse(&format!("/subscriptions/{subscription}/resourceGroups/{group}")).ok()?;
        Some(Self::new(stack, group))
    }

    /// The same with tags of the manifest's on each identity.
    pub(crate) fn with_tags(self, tags: BTreeMap<String, String>) -> Self {
        Self { tags, ..self }
    }

    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The resource group in which the stack's identities are.
    pub(crate) fn group(&self) -> &ResourceId {
        &self.group
    }

    /// The stack's home, `SUBSCRIPTION/RESOURCE_GROUP`, in lower case: the case of either says nothing.
    pub(crate) fn home(&self) -> &str {
        &self.home
    }

    /// Whether an identity is the stack's at this home: it is in its resource group, is called as the stack calls its
    /// identities, and its tags carry the mark. Tags alone are copied easily, and inherited by Azure policies.
    pub(crate) fn marks(&self, id: &ResourceId, tags: &BTreeMap<String, String>) -> bool {
        self.calls(id) && self.home_in(tags).is_some_and(|home| home.to_lowercase() == self.home)
    }

    /// Whether an identity is called as the stack calls its own, and where they are, whatever its tags say.
    pub(crate) fn calls(&self, id: &ResourceId) -> bool {
        let name = id.name().to_ascii_lowercase();
        let is_called_so =
            [self.credential_mark(), self.place_mark()].iter().any(|mark| name.starts_with(mark.as_str()));
        is_called_so && self.is_home(id)
    }

    /// Whether an identity is called as the stack calls its own, and where they are, with no tag that says whose it is: whoever
    /// replaced its tags took the mark away.
    pub(crate) fn has_lost_its_mark(&self, id: &ResourceId, tags: &BTreeMap<String, String>) -> bool {
        self.calls(id) && says_nothing(tags)
    }

    /// Whether something is in the stack's resource group.
    fn is_home(&self, id: &ResourceId) -> bool {
        id.subscription() == self.group.subscription()
            && id.resource_group().is_some_and(|group| group.to_lowercase() == self.group.name().to_lowercase())
    }

    /// The home in the tags of an identity of a stack of this name; empty where the tags name none.
    pub(crate) fn home_in<'a>(&self, tags: &'a BTreeMap<String, String>) -> Option<&'a str> {
        tag_of(tags, STACK_TAG).filter(|stack| *stack == self.stack.as_str())?;
        Some(tag_of(tags, HOME_TAG).unwrap_or_default())
    }

    /// A managed identity by its name, in the stack's resource group.
    pub(crate) fn identity_id(&self, name: &str) -> ResourceId {
        self.group.child(&format!("providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"))
    }

    /// The identity of a scope; a scope that needs several has them numbered from 2 on.
    pub(crate) fn identity(&self, scope: &Scope, index: usize) -> String {
        let number = if index == 0 { String::new() } else { format!("_{}", index + 1) };
        let name = format!("cloudgrant_{}_{}", self.stack, scope.slug());
        shortened(name, LONGEST_IDENTITY - number.len()) + &number
    }

    /// The identity of a scope that is put on a unit of the cloud's: on another unit it is another one, so that its tag says where it is
    /// as long as it is anywhere.
    pub(crate) fn identity_on(&self, scope: &Scope, unit: &str) -> String {
        let unit = format!("_{}", digest(&folded(unit)));
        let name = format!("cloudgrant_{}_{}", self.stack, scope.slug());
        shortened(name, LONGEST_IDENTITY - unit.len()) + &unit
    }

    /// The identity that names a place. No scope's is called like that: theirs begin with `cloudgrant_`.
    pub(crate) fn place(&self, subscription: &str) -> String {
        format!("{}{subscription}", self.place_mark())
    }

    /// The subscription that an identity at home is called after, if it names a place.
    pub(crate) fn place_named(&self, id: &ResourceId) -> Option<String> {
        let subscription = id.name().strip_prefix(self.place_mark().as_str())?;
        let subscription = Guid::parse(subscription).ok()?;
        self.is_home(id).then(|| subscription.as_str().to_owned())
    }

    /// The identity that names a place on a platform.
    pub(crate) fn platform_place(&self, digits: &str) -> String {
        format!("{}platform-{digits}", self.place_mark())
    }

    /// Whether an identity is called as one that names a place on a platform.
    pub(crate) fn is_of_platform_place(&self, id: &ResourceId) -> bool {
        id.name().starts_with(&self.platform_place("")) && self.is_home(id)
    }

    /// The identity that names a confirmed handoff.
    pub(crate) fn handoff(&self, digits: &str) -> String {
        format!("{}handoff-{digits}", self.place_mark())
    }

    /// Whether an identity is called as one that names a confirmed handoff.
    pub(crate) fn is_of_handoff(&self, id: &ResourceId) -> bool {
        id.name().starts_with(&self.handoff("")) && self.is_home(id)
    }

    /// The identity that names what the stack put on a unit.
    pub(crate) fn unit(&self, digits: &str) -> String {
        format!("{}unit-{digits}", self.place_mark())
    }

    /// Whether an identity is called as one that names what the stack put on a unit.
    pub(crate) fn is_of_unit(&self, id: &ResourceId) -> bool {
        id.name().starts_with(&self.unit("")) && self.is_home(id)
    }

    /// Whether an identity names a place of either kind, a confirmed handoff or what was put on a unit, and nobody runs under it.
    pub(crate) fn is_place(&self, id: &ResourceId) -> bool {
        self.place_named(id).is_some() || self.is_of_platform_place(id) || self.is_of_handoff(id) || self.is_of_unit(id)
    }

    fn place_mark(&self) -> String {
        format!("cloudgrant-place_{}_", self.stack)
    }

    /// The tags of an identity of the stack's: its mark, and what else they say.
    pub(crate) fn tags<'a>(&self, more: impl IntoIterator<Item = (&'a str, String)>) -> BTreeMap<String, String> {
        let mark = [(HOME_TAG, self.home.clone()), (STACK_TAG, self.stack.to_string())];
        let mut tags = self.tags.clone();
        tags.extend(mark.into_iter().chain(more).map(|(key, value)| (key.to_owned(), value)));
        tags
    }

    /// Those of an identity's tags that are the stack's to set; all others are somebody else's.
    pub(crate) fn tags_in(&self, tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let own = [
            BEFORE_TAG,
            CONFIRMED_TAG,
            DOCUMENT_TAG,
            HANDOFF_TAG,
            HOME_TAG,
            IDENTITY_TAG,
            PLACE_TAG,
            PLATFORM_TAG,
            SCOPE_TAG,
            SETTING_TAG,
            SET_TAG,
            STACK_TAG,
            UNIT_TAG,
        ];
        let asked = tags.keys().map(String::as_str).filter(|key| key.starts_with(ASKED_TAG));
        let ours = own.into_iter().chain(asked).chain(self.tags.keys().map(String::as_str));
        ours.filter_map(|key| Some((key.to_owned(), tag_of(tags, key)?.to_owned()))).collect()
    }

    /// The federated credential of a pair.
    pub(crate) fn credential(&self, pair: &Pair) -> String {
        shortened(format!("{}{}_{}", self.credential_mark(), pair.project, pair.domain), LONGEST_CREDENTIAL)
    }

    /// The federated credential of a domain whose projects all run as one service account.
    pub(crate) fn credential_of_domain(&self, domain: &Domain) -> String {
        shortened(format!("{}{domain}", self.credential_mark()), LONGEST_CREDENTIAL)
    }

    /// A pair's federated credential for an issuer besides the first, by the name of the first's: which one that is may
    /// change, and the number is for the case that the name is taken by one of another issuer.
    pub(crate) fn credential_for(first: &str, issuer: &str, number: usize) -> String {
        let number = if number == 0 { String::new() } else { format!("_{}", number + 1) };
        shortened(format!("{first}_{}{number}", digest(issuer)), LONGEST_CREDENTIAL)
    }

    /// How the names of the stack's federated credentials begin.
    pub(crate) fn credential_mark(&self) -> String {
        format!("cloudgrant_{}_", self.stack)
    }

    /// A role assignment's name: the same for the same scope, role and principal, and for no other stack or home. A
    /// recreated identity has another principal, and so gets another one.
    pub(crate) fn assignment(&self, scope: &str, role: &str, principal: &str) -> String {
        self.derived(&["assignment", scope, role, principal])
    }

    /// What a custom role is called. Such names are unique in a tenant, which may have several subscriptions with a
    /// stack of this name.
    pub(crate) fn role(&self, scope: &Scope, what: &str) -> String {
        format!("cloudgrant {} {} {what} ({})", self.stack, scope.slug(), digest(&self.home))
    }

    /// The id of a custom role.
    pub(crate) fn role_id(&self, role_name: &str) -> String {
        self.derived(&["role", role_name])
    }

    /// The id of the custom role that another stack of this home has in the place of one of this stack's; `None` for a role that isn't
    /// called as this stack's are.
    pub(crate) fn role_of(&self, other: &Self, role_name: &str) -> Option<String> {
        let what = role_name.strip_prefix(&format!("cloudgrant {} ", self.stack))?;
        Some(other.role_id(&format!("cloudgrant {} {what}", other.stack)))
    }

    fn derived(&self, parts: &[&str]) -> String {
        let text = format!("{}\n{}\n{}", self.stack, self.home, folded(&parts.join("\n")));
        Uuid::new_v5(&NAMESPACE, text.as_bytes()).to_string()
    }

    /// What people read beside a role assignment in the portal, and the mark of those that were made by hand with
    /// the commands that `explain` prints.
    pub(crate) fn description(&self) -> String {
        format!("{DESCRIPTION} (stack {}, home {})", self.stack, self.home)
    }

    /// The home in the description of something of a stack of this name.
    pub(crate) fn home_described<'a>(&self, description: &'a str) -> Option<&'a str> {
        let rest =
            description.strip_prefix(DESCRIPTION)?.strip_prefix(" (stack ")?.strip_prefix(self.stack.as_str())?;
        rest.strip_prefix(", home ")?.strip_suffix(')')
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Domain, Project};

    use super::*;

    fn names(stack: &str) -> Names {
        names_at(stack, "/subscriptions/00000000-0000-0000-0000-00000000000B/resourceGroups/Acme")
    }

    fn names_at(stack: &str, group: &str) -> Names {
        Names::new(Stack::parse(stack).expect("stack"), ResourceId::parse(group).expect("group"))
    }

    #[test]
    fn names_fit_and_stay_apart() {
        let names = names("acme-ml");
        let pair = |project: &str| Pair {
            project: Project::parse(project).expect("project"),
            domain: Domain::parse("p".repeat(63)).expect("domain"),
        };
        let (a, b) =
            (names.credential(&pair(&"x".repeat(63))), names.credential(&pair(&format!("{}y", "x".repeat(62)))));
        assert!(a.len() == LONGEST_CREDENTIAL && b.len() == LONGEST_CREDENTIAL && a != b, "{a} {b}");
        assert!(a.starts_with(&names.credential_mark()));
        let (blue, green) =
            (Names::credential_for(&a, "https://blue", 0), Names::credential_for(&a, "https://green", 0));
        assert!(blue.len() == LONGEST_CREDENTIAL && blue != green && blue != a && blue.starts_with(&a[..100]));
        assert_ne!(blue, Names::credential_for(&b, "https://blue", 0));
        assert_ne!(blue, Names::credential_for(&a, "https://blue", 1));
        let domain = Scope::Domain { domain: Domain::parse("production").expect("domain") };
        assert_eq!(names.identity(&domain, 1), "cloudgrant_acme-ml_production_2");
        let subscription = "00000000-0000-0000-0000-00000000000c";
        let place = names.identity_id(&names.place(subscription));
        assert!(place.name().len() <= LONGEST_IDENTITY);
        assert_eq!(names.place_named(&place).as_deref(), Some(subscription));
        assert_eq!(names.place_named(&names.identity_id(&names.identity(&domain, 0))), None);
    }

    /// Azure says that the case of a tag's name says nothing.
    #[test]
    fn a_mark_is_one_however_its_tags_are_written() {
        let here = names("acme-ml");
        let tags = [("Cloudgrant:Stack", "acme-ml"), ("CLOUDGRANT:HOME", here.home())];
        let tags: BTreeMap<_, _> = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert!(here.marks(&here.identity_id("cloudgrant_acme-ml_x"), &tags));
        assert_eq!(here.tags_in(&tags)[STACK_TAG], "acme-ml");
    }

    #[test]
    fn an_assignment_is_named_after_what_it_assigns() {
        let name = |stack: &str, scope: &str, principal: &str| names(stack).assignment(scope, "role", principal);
        assert_eq!(name("a", "/subscriptions/X", "p"), name("a", "/Subscriptions/x", "p"));
        assert_ne!(name("a", "/subscriptions/x", "p"), name("b", "/subscriptions/x", "p"));
        assert_ne!(name("a", "/subscriptions/x", "p"), name("a", "/subscriptions/x", "q"));
    }

    #[test]
    fn a_stack_of_the_same_name_at_another_home_is_another() {
        let here = names("acme-ml");
        let other_group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-2";
        let other_subscription = "/subscriptions/00000000-0000-0000-0000-00000000000c/resourceGroups/acme";
        let mark = |names: &Names| {
            let tags = [(STACK_TAG, names.stack().as_str()), (HOME_TAG, names.home())];
            tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
        };
        for other in [names_at("acme-ml", other_group), names_at("acme-ml", other_subscription)] {
            let id = here.identity_id("cloudgrant_acme-ml_x");
            assert!(here.marks(&id, &mark(&here)) && !here.marks(&id, &mark(&other)));
            assert!(
                !here.marks(&other.identity_id("cloudgrant_acme-ml_x"), &mark(&here))
                    && !other.marks(&id, &mark(&here))
            );
            // Somebody's copy, or tags that a policy had inherited.
            assert!(!here.marks(&here.identity_id("x"), &mark(&here)));
            assert_eq!(here.home_in(&mark(&other)), Some(other.home()));
            assert_ne!(here.assignment("/s", "role", "p"), other.assignment("/s", "role", "p"));
            assert_ne!(here.description(), other.description());
            assert_eq!(here.home_described(&other.description()), Some(other.home()));
            let (role, theirs) = (here.role(&Scope::Global, "blob write"), other.role(&Scope::Global, "blob write"));
            assert_ne!(role, theirs);
            assert_ne!(here.role_id(&role), other.role_id(&role));
        }
        assert_eq!(here.home_described(&names("acme-ml-2").description()), None);
        assert_eq!(names("acme").home_described(&here.description()), None);
        // Whoever meets a mark finds whose it is.
        let description = here.description();
        let (stack, home) = described(&description).expect("a stack's description");
        let found = Names::at(stack, home).expect("a home");
        assert_eq!((found.stack(), found.home()), (here.stack(), here.home()));
        assert_eq!(found.role_id("x"), here.role_id("x"));
        for other in [
            "",
            "Task code access, managed by cloudgrant",
            "Task code access, managed by cloudgrant (stack A, home b/c)",
        ] {
            assert!(described(other).is_none(), "{other}");
        }
        for other in
            ["", "x", "x/y", "00000000-0000-0000-0000-00000000000b", "00000000-0000-0000-0000-00000000000b/a/b"]
        {
            assert!(Names::at(here.stack().clone(), other).is_none(), "{other}");
        }
        // Azure's names differ in more than case.
        let shouted = names_at("acme-ml", "/SUBSCRIPTIONS/00000000-0000-0000-0000-00000000000b/RESOURCEGROUPS/ACME");
        assert!(
            here.marks(&shouted.identity_id("cloudgrant_acme-ml_x"), &mark(&shouted))
                && here.description() == shouted.description()
        );
        assert_eq!(here.role_id("x"), shouted.role_id("x"));
    }
}
