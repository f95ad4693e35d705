//! The one contract that every store passes.
//!
//! ```ignore
//! tongqiao_store::store_contract_tests!(|| ((), MemoryStore::new().unwrap()));
//! ```
//!
//! Compiled for tests only (feature `contract` for tests of other crates).
#![allow(clippy::unwrap_used, missing_docs, reason = "tests that other crates can run")]

pub mod acceptance;
pub mod documents;
pub mod fixture;
pub mod handed_in;
pub mod settlement;
pub mod streams;

/// Makes one test of each clause of the contract; the argument gives an empty store, behind
/// something (a temporary directory) that must live as long.
#[macro_export]
macro_rules! store_contract_tests {
    ($make:expr) => {
        $crate::store_contract_tests! { $make;
            acceptance::what_was_committed_is_read_back,
            acceptance::the_first_sequence_is_one_and_the_next_follows,
            acceptance::a_taken_sequence_is_refused_and_the_next_is_named,
            acceptance::a_hole_in_a_stream_is_refused,
            acceptance::an_id_is_accepted_once,
            acceptance::a_group_is_applied_whole_or_not_at_all,
            acceptance::a_record_is_appended_as_pending_only,
            acceptance::ordinals_grow_in_the_order_of_commits,
            acceptance::an_empty_commit_changes_nothing,
            acceptance::callers_at_once_are_all_heard_and_do_not_hurt_each_other,
            streams::pending_work_is_given_by_lane_in_order_and_in_pages,
            streams::what_is_not_due_holds_back_the_rest_of_its_stream,
            streams::what_a_clock_far_ahead_has_written_does_not_wait_for_that_time,
            streams::a_refused_expired_or_dead_record_of_a_bill_holds_nothing_up,
            streams::a_refused_record_stops_its_stream_only,
            streams::a_replacement_takes_the_place_of_a_refused_record,
            streams::a_replacement_goes_before_what_was_accepted_meanwhile,
            streams::a_dead_record_can_be_replaced_and_an_expired_one_cannot,
            streams::only_the_same_place_can_be_replaced,
            streams::numbering_goes_on_after_everything_was_forgotten,
            settlement::a_receipt_settles_and_is_kept,
            settlement::settling_again_changes_nothing,
            settlement::a_late_receipt_wins_over_expiry_and_death,
            settlement::a_receipt_cannot_leave_a_record_pending,
            settlement::an_unknown_record_is_named,
            settlement::accepted_work_cannot_be_forgotten_before_its_receipt,
            settlement::what_is_retained_is_found_by_time,
            settlement::what_an_epoch_has_lost_is_found_by_position,
            settlement::records_of_one_position_are_told_apart_by_their_ordinals,
            settlement::what_is_offered_again_never_expires_and_keeps_its_receipt,
            settlement::what_is_offered_again_and_dies_keeps_its_earlier_receipt,
            settlement::a_payment_that_failed_for_good_may_be_forgotten_though_others_follow_it,
            settlement::what_is_offered_again_is_pending_with_the_same_bytes,
            settlement::statistics_count_each_state,
            documents::versions_grow_by_one,
            documents::a_wrong_belief_changes_nothing_and_names_the_version,
            documents::a_fence_voids_the_whole_commit,
            documents::documents_are_listed_by_prefix_in_pages,
            documents::a_new_incarnation_keeps_the_producer,
        }
    };
    ($make:expr; $($module:ident :: $case:ident),* $(,)?) => {
        $(
            #[test]
            fn $case() {
                let (_guard, store) = $make();
                $crate::contract::$module::$case(&store);
            }
        )*
    };
}
