//! The checkers bite: each fault that is planted is found within a few seeds, by the checker that should find it.

use sim::{Checker, Fault, Run};

/// Seeds that a fault may take to be found.
const SEEDS_MAX: u64 = 40;

/// Runs seeds until the fault is found.
fn is_found(fault: Fault, expected: &[Checker]) {
    for seed in 1..=SEEDS_MAX {
        let report = sim::run(Run { seed, fault: Some(fault), is_printed: false });
        if let Some(violation) = report.violation {
            assert!(report.struck > 0, "seed {seed} fails without the fault: {violation}");
            assert!(expected.contains(&violation.checker), "seed {seed}: {violation}");
            println!("{fault}: seed {seed}: {violation}");
            return;
        }
    }
    panic!("{fault} is not found in {SEEDS_MAX} seeds");
}

macro_rules! found {
    ($( $test:ident: $fault:ident by $($checker:ident)|+; )*) => {
        $(
            #[test]
            fn $test() {
                is_found(Fault::$fault, &[$( Checker::$checker ),+]);
            }
        )*

        #[test]
        fn every_fault_has_a_test() {
            assert_eq!(Fault::ALL, [$( Fault::$fault ),*]);
        }
    };
}

found! {
    a_commit_that_was_not_synced_is_found: SkippedSync by Loss;
    a_promise_spoken_before_its_commit_is_found: EarlyPromise by Loss;
    a_lost_delivery_is_found: LostDelivery by Rest;
    a_lost_acknowledgement_is_found: LostAcknowledgement by Rest | Twice;
    a_fact_that_is_not_written_is_found: FactDropped by Loss | Memory;
    a_batch_that_is_written_twice_is_found: BatchTwice by Rest | Memory | Versions | Twice;
    an_older_document_told_after_a_newer_one_is_found: OlderDocument by Versions | Rules;
    a_block_that_is_not_obeyed_is_found: BlockIgnored by Rules;
    a_rule_that_is_not_made_is_found: RuleIgnored by Rules;
    a_refusal_taken_for_consent_is_found: DecisionIgnored by Rules;
    a_message_removed_before_it_was_delivered_is_found: RemovedEarly by Loss | Order;
    two_messages_that_change_places_are_found: MessagesSwapped by Order;
    evidence_that_never_ends_is_found: EvidenceForever by Evidence | Rest;
    a_retry_that_never_comes_is_found: RetryNever by Rest;
    an_epoch_that_was_not_raised_is_found: EpochNotRaised by Versions;
    a_message_delivered_twice_is_found: DeliveredTwice by Twice;
    a_word_after_the_end_of_a_subscription_is_found: ToldAfterEnd by Rules;
    a_gateway_that_is_not_woken_is_found: TimerOff by Rest | Evidence | Convergence;
    a_timer_that_fires_late_is_found: TimerLate by Evidence;
    soft_state_restored_from_a_wrong_time_is_found: SoftStateMisdated by Evidence;
    a_copy_of_a_group_that_is_not_written_is_found: CopyDropped by Loss;
}
