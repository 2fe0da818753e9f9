//! The cases. Each holds a platform to one sentence of the contract.

mod delivering;
mod errors;
mod files;
mod ownership;
mod people;
mod round_trip;

/// The list of all cases of platforms, handed to another macro: where it stands, its name, and its sentence.
#[doc(hidden)]
#[macro_export]
macro_rules! with_platform_cases {
    ([$($argument:tt)*] $($then:tt)*) => {
        $($then)* ! { [$($argument)*]
            delivering::connecting_sends_nothing "Connecting and answering send no request: only the backend does."
            delivering::answers_are_the_same_twice "Asked twice, a platform answers the same."
            delivering::only_listed_pairs_are_told "Exactly the pairs that a principal serves are told of it, never others and never a pattern."
            delivering::each_pair_is_told "Of each principal, each pair that it serves is told: by an object, or by what somebody is asked for."
            delivering::kinds_are_its_own "All objects are of the platform's own kinds, and none of these is a cloud's."
            delivering::chosen_values_are_referred_to "A value that the cloud has yet to choose is referred to, and never guessed or left empty."
            people::handoffs_are_complete "What somebody is asked for is complete: who, what, and everything that they need to do it."
            people::vendors_are_asked_completely "A vendor is asked for a principal under the name that the platform gives, for exactly its service accounts."
            people::unbinding_names_the_pairs "How pairs stop running under a principal is said for each of them, where people do it."
            people::asked_for_is_taken_back "For each handoff of its own kinds, a platform says how it is taken back, and for no others."
            files::files_have_known_keys "Every file is its own, stays below the folder, and has only keys that its reader takes."
            files::files_tell_listed_pairs "Files tell each pair that is served of its principal, and nobody of what isn't known."
            round_trip::observing_never_writes "Planning never writes."
            round_trip::applied_is_settled "Observing gives attributes in the same canonical form as delivering: what was applied needs no change."
            round_trip::told_values_hold "What was told holds: pods of each pair run under its principal, and all others as before."
            round_trip::changes_can_be_made_twice "Applying is idempotent: made again after a lost answer, a change succeeds."
            round_trip::interruptions_are_mended "A run that stopped anywhere is finished by running again."
            round_trip::edits_are_mended_or_told "What somebody edited is seen: it is mended in sight of whoever approves the plan, or told, and never taken away in silence."
            round_trip::losses_are_mended "What somebody took away is seen, and told again."
            round_trip::other_principals_are_told "Another principal of the same pairs is told in place of the one before."
            round_trip::unwanted_goes_and_only_that "What is no longer wanted goes, and only that."
            round_trip::revoking_leaves_no_trace "A revoke restores what was there before: the defaults hold again, and nothing else changes."
            ownership::neighbours_survive "What others have beside ours survives applies and revokes, whoever came first."
            ownership::foreign_values_are_conflicts "A value without our mark is never touched: it is a conflict."
            ownership::stacks_stay_apart "Only what carries the stack's own mark is the stack's: two stacks don't see each other."
            ownership::homes_stay_apart "Only what carries the stack's own home is the stack's: two homes of one stack name don't see each other."
            ownership::what_is_forgotten_is_found "What the stack told is found again, also where the manifest names nothing any more."
            ownership::stacks_are_listed "Each stack is listed by its mark, with what it told, until it is revoked."
            ownership::the_place_has_a_name "The place that is written to is called the same in every run, and there is a way to it."
            errors::refusals_name_the_object "A refusal is an error of the kind AccessDenied that names what couldn't be told."
            errors::passing_failures_are_waited_out "Failures that pass are marked as retryable, and waiting gets through."
        }
    };
}

macro_rules! define {
    ([] $($module:ident::$name:ident $sentence:literal)*) => {
        $(
            #[doc = $sentence]
            ///
            /// # Errors
            /// What the platform did instead.
            pub async fn $name<F: $crate::platforms::PlatformFixture>() -> $crate::Verdict {
                $crate::verdict::judge($sentence, $module::$name::<F>().await)
            }
        )*

        /// The names of all cases of platforms, each with its sentence of the contract.
        pub const CASES: &[(&str, &str)] = &[$((stringify!($name), $sentence)),*];
    };
}

with_platform_cases! { [] define }

/// Makes a test of each case, for a [`PlatformFixture`](crate::platforms::PlatformFixture).
///
/// Call it once a module, at the top of a file in `tests/`.
#[macro_export]
macro_rules! platform_suite {
    ($fixture:ty) => {
        $crate::with_platform_cases! { [$fixture] $crate::platform_suite_tests }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! platform_suite_tests {
    ([$fixture:ty] $($module:ident::$name:ident $sentence:literal)*) => {
        $(
            #[test]
            fn $name() {
                $crate::platforms::run::<$fixture, _>(stringify!($name), $crate::platforms::cases::$name::<$fixture>());
            }
        )*
    };
}
