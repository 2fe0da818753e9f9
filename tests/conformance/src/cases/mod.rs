//! The cases. Each holds a provider to one sentence of the contract.

mod answers;
mod confirming;
mod errors;
mod levels;
mod one_by_one;
mod ownership;
mod purity;
mod round_trip;
mod secrecy;
mod stacks;

/// The list of all cases, handed to another macro: where it stands, its name, and its sentence.
#[doc(hidden)]
#[macro_export]
macro_rules! with_cases {
    ([$($argument:tt)*] $($then:tt)*) => {
        $($then)* ! { [$($argument)*]
            purity::connecting_sends_nothing "Connecting and validating send no request."
            purity::verbs_never_write "Verbs may read the cloud, and never write."
            purity::verbs_answer_the_same_twice "Asked twice, a provider answers the same."
            purity::observing_never_writes "Observing never writes."
            answers::nothing_asked_nothing_wanted "A verb answers an empty batch with nothing."
            answers::objects_have_the_asked_scope "Each object names an intent that was asked, and has exactly its scope: nothing is ever widened."
            answers::subjects_are_exactly_those_listed "A binding trusts exactly its subjects, never a pattern."
            answers::shared_subjects_are_named_once "Where several pairs run as one service account, a binding trusts it once, and not once a pair."
            answers::scopes_add_up "Scopes add up: a scope's own principal also carries what the wider scopes grant."
            answers::capabilities_are_served "What a provider declares, it serves: an object, or a note that says why none is needed."
            answers::the_rest_is_refused "What a provider doesn't declare is refused, with the reason and what works instead."
            levels::inexact_levels_are_told "What a level gives more or less of than it says is declared, and told in the plan; where it can be precise, `precise: true` comes to something else."
            answers::commands_make_each_object "For each object of the stack's own there is a command that a person could use."
            round_trip::applied_is_settled "Observing gives attributes in the same canonical form as the verbs: what was applied needs no change."
            round_trip::changes_can_be_made_twice "Applying is idempotent: made again after a lost answer, a change succeeds."
            round_trip::interruptions_are_mended "A run that stopped anywhere is finished by running again."
            round_trip::tampering_is_seen_and_mended "What was changed behind the stack's back is seen, as an update of just that object, and mended."
            round_trip::losses_are_seen_and_mended "What was removed behind the stack's back is seen, and made again."
            round_trip::revoking_leaves_no_trace "Revoking everything leaves the world as it was before the first apply."
            round_trip::wider_grants_only_add "A wider grant that comes later only adds."
            round_trip::unwanted_goes_and_only_that "What is no longer wanted is deleted, and only that."
            round_trip::a_revoke_changes_nothing_else "A revoke takes away what is revoked, and gives nothing that was edited since."
            one_by_one::revokes_in_turn_leave_nothing "Grants revoked one after the other, in any order, leave nothing that gives access, take nothing of the others, and give nothing."
            one_by_one::revokes_beside_edits_take_or_tell "A revoke beside edits that were not applied gives nothing, takes nothing of grants that were not edited, and tells what it leaves that nothing asks for."
            ownership::neighbours_survive "Applying changes the object of the change and nothing else; documents that others write too are read, merged and written."
            ownership::foreign_objects_are_conflicts "What doesn't carry the stack's mark is never taken over: it is a conflict."
            ownership::stacks_stay_apart "Only what carries the stack's own mark is the stack's: two stacks don't see each other."
            ownership::homes_stay_apart "Only what carries the stack's own home is the stack's: two homes of one stack name don't see each other."
            ownership::what_is_forgotten_is_found "What the stack made is found again, also where the manifest names nothing any more."
            ownership::widened_objects_are_told "What others add to an object of the stack's own, so that it reaches more, is told as that, and left alone."
            stacks::stacks_are_listed "Each stack is listed under its name and its home, with what it owns, until it is revoked."
            confirming::confirmations_are_remembered "A confirmed handoff is remembered as it was confirmed last, by its own stack alone, whatever goes, until it is taken back."
            ownership::touched_things_are_named "An object names the things of others that making it changes."
            ownership::protected_names_are_refused "Protected names are never touched."
            errors::missing_prerequisites_are_not_found "What is taken for granted and isn't there is an error of the kind NotFound."
            errors::refusals_name_the_operation "A refusal of the cloud is an error of the kind AccessDenied that names the operation."
            errors::passing_failures_are_waited_out "Failures that pass are marked as retryable, and waiting gets through."
            errors::slow_principals_are_waited_for "Where waiting for the cloud helps, applying says NotYet."
            secrecy::secrets_stay_secret "No secret is ever in what a provider answers: not in objects, notes, plans or errors."
        }
    };
}

macro_rules! define {
    ([] $($module:ident::$name:ident $sentence:literal)*) => {
        $(
            #[doc = $sentence]
            ///
            /// # Errors
            /// What the provider did instead.
            pub async fn $name<F: $crate::Fixture>() -> $crate::Verdict {
                $crate::verdict::judge($sentence, $module::$name::<F>().await)
            }
        )*

        /// The names of all cases, each with its sentence of the contract.
        pub const CASES: &[(&str, &str)] = &[$((stringify!($name), $sentence)),*];
    };
}

with_cases! { [] define }

/// Makes a test of each case, for a [`Fixture`](crate::Fixture).
///
/// Call it once a module, at the top of a file in `tests/`.
#[macro_export]
macro_rules! suite {
    ($fixture:ty) => {
        $crate::with_cases! { [$fixture] $crate::suite_tests }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! suite_tests {
    ([$fixture:ty] $($module:ident::$name:ident $sentence:literal)*) => {
        $(
            #[test]
            fn $name() {
                $crate::run::<$fixture, _>(stringify!($name), $crate::cases::$name::<$fixture>());
            }
        )*
    };
}
