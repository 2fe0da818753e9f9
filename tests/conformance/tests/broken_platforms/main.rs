//! A suite that passes everything is worth nothing. For each case there are platforms that break exactly its sentence, and it must
//! catch them, for the right reason.

mod breakage;
mod catalogue;

use std::collections::BTreeSet;

use cloudgrant_conformance::Verdict;
use cloudgrant_conformance::platforms::CASES;

use breakage::BrokenBoard;

/// What breaks nothing passes everything, in each form that the reference platform has: it isn't the wrapping that is caught.
mod sound {
    use super::BrokenBoard;
    use super::catalogue::Sound;
    cloudgrant_conformance::platform_suite!(BrokenBoard<Sound>);
}

mod sound_with_chosen_values {
    use super::BrokenBoard;
    use super::catalogue::SoundChosen;
    cloudgrant_conformance::platform_suite!(BrokenBoard<SoundChosen>);
}

mod sound_by_hand {
    use super::BrokenBoard;
    use super::catalogue::SoundByHand;
    cloudgrant_conformance::platform_suite!(BrokenBoard<SoundByHand>);
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
                        type World = crate::BrokenBoard<crate::catalogue::$breakage>;
                        let verdict = runtime.block_on(cloudgrant_conformance::platforms::cases::$case::<World>());
                        crate::caught(stringify!($case), verdict, $because);
                    }
                )+
            }
        )*
    };
}

catches! {
    connecting_sends_nothing: EagerConnect "connecting and answering sent", AskingDeliver "connecting and answering sent",
        AskingFiles "connecting and answering sent";
    answers_are_the_same_twice: CountingDeliver "asked again, deliver answers", CountingUnbinding "asked again, it says",
        Nameless "asked through a new connection";
    only_listed_pairs_are_told: Pattern "says `vision-*`", Neighbour "says `forecasting`", AllDomains "says `development`",
        Widened "has the scope `domain production`", Orphan "nobody asked for that", Spreading "what was told says `forecasting`";
    each_pair_is_told: FirstPairOnly "no object tells it", Silent "no object tells it";
    kinds_are_its_own: Undeclared "is of a kind that `kinds` doesn't have", UndeclaredRequest "is of a kind that `kinds` doesn't have",
        KindOfCloud "is a kind of a cloud's";
    chosen_values_are_referred_to: Guessing "where it has", EmptyValue "has an empty text",
        OtherObject "which no principal is", Early "doesn't wait for any principal";
    handoffs_are_complete: ToDo "the document says `TODO`", NoDocument "the document is empty", Nobody "to whom it goes is empty",
        LongTask "isn't a line", Pairless "names no pair", Valueless "the document doesn't say `arn:",
        Unnamed "which the document names", NoCommand "is found out", Talkative "says `forecasting`";
    vendors_are_asked_completely: OtherRequest "is what the vendor is asked by", NoSubjects "doesn't say `system:serviceaccount",
        NoName "doesn't say `NAME_OF_IT`", TwoRequests "by 2 objects", RequestedElsewhere "nobody asked for";
    unbinding_names_the_pairs: Speechless "it says nothing", UnfinishedUnbinding "it says `TODO`", UnnamedUnbinding "doesn't name `-p";
    asked_for_is_taken_back: NeverTaken "nothing says how it is taken back", TakenElsewhere "is taken back as",
        TakenByDoing "it is taken back by doing it", TakenOfNobody "doesn't name", TakesAnything "of a kind that isn't its own",
        TakenUnfinished "the document says `TODO`";
    files_have_known_keys: Escaping "isn't below the folder", Absolute "isn't below the folder", SamePath "there are two files",
        UnknownKey "which its reader doesn't take", Unread "nobody reads", NoYaml "isn't YAML", Purposeless "what it is for",
        EmptyFile "is empty";
    files_tell_listed_pairs: FileOfNeighbour "says `forecasting`", FileOfFirst "no file tells it",
        FileOfNothing "for a principal that nobody knows yet";
    observing_never_writes: TidyingObserve "planning wrote, when everything is to be revoked",
        MendingObserve "planning wrote, in a world that somebody edited", TouchingObserve "planning sent writing requests";
    applied_is_settled: OtherForm "observe doesn't give", Restless "a plan wants to Update";
    told_values_hold: OtherKey "where", Everywhere "where", Pinning "after a revoke";
    changes_can_be_made_twice: CreateOnce "the same change had succeeded", DeleteOnce "the same change had succeeded",
        Appending "made twice gives another world", FreshName "the second";
    interruptions_are_mended: LateMark "has a principal already", EarlyUnmark "a revocation stopped after";
    edits_are_mended_or_told: ExistenceOnly "sees no drift", Touchy "and the plan is", Forcing "was edited by somebody, and revoked",
        Hushed "doesn't show how", VagueConflict "the error doesn't say so";
    losses_are_mended: Assuming "was taken away, and the plan is []";
    other_principals_are_told: Renewing "another principal has", Accumulating "another principal gives another world";
    unwanted_goes_and_only_that: Hoarding "narrowing gives another world";
    revoking_leaves_no_trace: Forgetful "after everything was revoked", Blanking "after everything was revoked";
    neighbours_survive: Overwriting "after the first pair was told", Clearing "after everything was revoked";
    foreign_values_are_conflicts: Greedy "the plan has Some(Update)", Blind "the plan has Some(Create)",
        Mistaken "the error is", Sweeping "revoking everything touched it";
    stacks_stay_apart: PrefixMark "wants to Delete";
    homes_stay_apart: Homeless "wants to Delete";
    what_is_forgotten_is_found: WantedPlaces "after the manifest had forgotten", NamedPlaces "by a manifest that had forgotten it";
    stacks_are_listed: OwnAlone "is listed 0 times", Unlisted "is listed 0 times", NoObjects "is listed", NoRemedy "what to do",
        Undead "everything was revoked";
    the_place_has_a_name: OtherPlace "the next time", NoWay "says no way to it", AnyWay "that no platform knows", Misled "leads elsewhere",
        NoPlaceName "has no name";
    refusals_name_the_object: VagueRefusal "doesn't say that it is about", OtherRefusal "the error is", Helpless "what to do",
        Believing "is said to be told";
    passing_failures_are_waited_out: Impatient "nobody retries";
}

#[test]
fn each_case_has_something_to_catch() {
    let cases: BTreeSet<_> = CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(cases, BROKEN.iter().copied().collect());
    assert_eq!(cases.len(), CASES.len(), "two cases share a name");
}
