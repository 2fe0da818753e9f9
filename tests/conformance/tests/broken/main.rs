//! A suite that passes everything is worth nothing. For each case there are providers that break exactly its sentence,
//! and it must catch them, for the right reason.

mod breakage;
mod catalogue;
mod hooks;

use std::collections::BTreeSet;

use cloudgrant_conformance::reference::Reference;
use cloudgrant_conformance::{CASES, Verdict};

use breakage::{BrokenWorld, Sound};

cloudgrant_core::register_provider!(Reference);

/// What breaks nothing passes everything: it isn't the wrapping that is caught.
mod sound {
    use super::{BrokenWorld, Sound};
    cloudgrant_conformance::suite!(BrokenWorld<Sound>);
}

fn caught(case: &str, verdict: Verdict, because: &str) {
    let Err(violation) = verdict else { panic!("{case} let it pass: {verdict:?}") };
    let sentence = CASES.iter().find(|(name, _)| *name == case).map(|(_, sentence)| *sentence);
    assert_eq!(Some(violation.sentence), sentence);
    let said = violation.to_string();
    assert!(said.contains(violation.sentence) && said.contains(because), "caught for another reason:\n{said}");
}

macro_rules! catches {
    ($($case:ident: $($breakage:ident $because:literal),+;)*) => {
        /// The cases that something here breaks.
        const BROKEN: &[&str] = &[$(stringify!($case)),*];

        $(
            mod $case {
                $(
                    #[test]
                    #[allow(non_snake_case)]
                    fn $breakage() {
                        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
                        type World = crate::BrokenWorld<crate::catalogue::$breakage>;
                        let verdict = runtime.block_on(cloudgrant_conformance::cases::$case::<World>());
                        crate::caught(stringify!($case), verdict, $because);
                    }
                )+
            }
        )*
    };
}

catches! {
    connecting_sends_nothing: EagerConnection "it sent some";
    verbs_never_write: WritingVerb "verbs wrote, in an empty world", RepairingVerb "verbs wrote, in a world that somebody changed";
    confirmations_are_remembered: Unremembering "isn't seen", FirstWord "still says the first one", AskedSomehow "how it was asked for isn't remembered",
        Listening "another stack takes what was confirmed for its own", TiedConfirmation "isn't seen";
    verbs_answer_the_same_twice: CountingVerb "asked again, an object differs", ShufflingVerb "asked again, an object differs",
        Nameless "asked through a new connection";
    observing_never_writes: TidyingObserve "observing wrote, when everything is to be revoked",
        MendingObserve "observing wrote, in a world that somebody changed";
    nothing_asked_nothing_wanted: Chatter "has a note on nothing";
    objects_have_the_asked_scope: Widened "has the scope `global`", WidePermission "a permission has the scope `global`", WidePrincipal "a principal has the scope `global`, which was not asked for", Orphan "none of that was asked";
    subjects_are_exactly_those_listed: PatternTrust "names `system:serviceaccount:*:default`",
        NeighbourTrust "names the namespace `vision-production`", NoTrust "no object names its subject",
        NeighbourServed "a principal would serve `system:serviceaccount:forecasting-development:default`";
    shared_subjects_are_named_once: TwiceTrusted "names `system:serviceaccount:production:default` 2 times",
        PairByPair "a second principal says the same";
    scopes_add_up: OwnGrantsOnly "nothing ties the principal";
    capabilities_are_served: SecretsForgotten "nothing comes of `read` on a secret";
    the_rest_is_refused: NoReason "gives no reason";
    inexact_levels_are_told: NeverPrecise "comes to the same with `precise: true`",
        InexactNothing "not declared at all", Unspoken "without saying in what",
        SaidTwice "the plan says 2 times";
    commands_make_each_object: HalfDocumented "there is none for policy";
    applied_is_settled: OtherForm "observe still gives", Restless "a plan wants to Update";
    changes_can_be_made_twice: CreateOnce "the same change had succeeded", DeleteOnce "the same change had succeeded",
        Appending "made twice gives another world", FreshName "the second";
    interruptions_are_mended: LateMark "is not this stack's", EarlyUnmark "a revocation stopped after";
    tampering_is_seen_and_mended: ExistenceOnly "and the plan is empty", Touchy "and the plan is: ";
    losses_are_seen_and_mended: Assuming "made again";
    revoking_leaves_no_trace: Forgetful "after everything was revoked";
    wider_grants_only_add: Renaming "a wider grant deletes";
    unwanted_goes_and_only_that: Hoarding "narrowing gives another world";
    a_revoke_changes_nothing_else: Together "after one grant was revoked";
    revokes_in_turn_leave_nothing: Hoarding "one by one, this is left";
    revokes_beside_edits_take_or_tell: Forward "gave something that was not there";
    neighbours_survive: Overwriting "after the first creations", Clearing "after everything of ours was revoked";
    foreign_objects_are_conflicts: Greedy "the plan has Some(Update)", Blind "the plan has Some(Create)";
    stacks_stay_apart: PrefixMark "wants to Delete";
    homes_stay_apart: Homeless "wants to Delete";
    what_is_forgotten_is_found: WantedPlaces "after the manifest had forgotten";
    widened_objects_are_told: Unalarmed "and the plan says []", Suspicious "nobody widened anything",
        Possessive "wants to Delete";
    stacks_are_listed: OwnAlone "isn't listed", NamesAlone "isn't listed", Nowhere "how to be at the other home",
        Undead "no such thing", EverybodysOwn "are said to be";
    touched_things_are_named: Secretive "no object names it in `touches`";
    protected_names_are_refused: Unprotected "there is a plan that changes it",
        Heedless "there is a plan that takes";
    missing_prerequisites_are_not_found: VagueAboutAbsence "the error is Unexpected";
    refusals_name_the_operation: VagueAboutOperation "no `operation`", VagueAboutRefusal "the error for";
    passing_failures_are_waited_out: Impatient "nobody retries", Overloaded "nobody retries";
    slow_principals_are_waited_for: Hasty "fails: NotFound";
    secrets_stay_secret: LeakingNote "the secret is in what is desired", LeakingError "the secret is in",
        LeakingDebug "the provider's Debug output", LeakingCause "the secret is in an error";
}

#[test]
fn each_case_has_something_to_catch() {
    let cases: BTreeSet<_> = CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(cases, BROKEN.iter().copied().collect());
    assert_eq!(cases.len(), CASES.len(), "two cases share a name");
}
