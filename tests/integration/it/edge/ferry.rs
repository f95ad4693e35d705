//! What a node cannot send is carried: on sticks that get lost, come late, come twice, or come damaged.

use std::path::{Path, PathBuf};

use serde_json::json;
use tongqiao::{CaseHandle, Client};
use tongqiao_edge::ferry::{self, Fate, Unusable};
use tongqiao_protocol::Suite;

use super::office::{DEPARTMENT, Office, PATIENCE, eventually, settle};
use crate::sdk::sandbox;

/// A township whose line is cut, with a stick.
struct Trip {
    office: Office,
    client: Client,
    stick: PathBuf,
}

impl Trip {
    /// Everything enrolled and known; from now on only the stick goes between node and hub.
    async fn begin(suite: Suite) -> Self {
        let mut office = Office::prepare_with_carrying_hub(suite).await;
        office.start_hub().await;
        office.start_node().await;
        let client = office.client("department.sqlite").await;
        // The catalogue comes by the link once.
        settle(&client.cases().open(&sandbox::draft(&client).await).await.unwrap()).await;
        office.stop_hub().await;
        let stick = office.sandbox.path("stick");
        std::fs::create_dir_all(&stick).unwrap();
        Self { office, client, stick }
    }

    /// A case that the node has in custody.
    async fn open(&self) -> CaseHandle {
        let before = self.waiting().await;
        let case = self.client.cases().open(&sandbox::draft(&self.client).await).await.unwrap();
        eventually("custody", async || (self.waiting().await > before).then_some(())).await;
        case
    }

    async fn waiting(&self) -> u64 {
        self.office.node().client().outbox().statistics().await.unwrap().pending
    }

    async fn export(&self) -> usize {
        ferry::export(&self.office.settings, &self.stick).await.unwrap().records
    }

    /// At the hub.
    async fn pass(&self) -> Vec<Fate> {
        let read = ferry::pass(self.office.hub_settings(), &self.stick, &self.stick).await.unwrap();
        read.into_iter().map(|read| read.fate).collect()
    }

    /// At the node.
    async fn import(&self) -> Vec<Fate> {
        let read = ferry::import(&self.office.settings, &self.stick).await.unwrap();
        read.into_iter().map(|read| read.fate).collect()
    }

    fn file(&self) -> PathBuf {
        let mut files = files(&self.stick);
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    async fn effects(&self) -> usize {
        self.office.effects().await.len()
    }

    async fn drained(&self) {
        eventually("the receipts", async || (self.waiting().await == 0).then_some(())).await;
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

fn judged(fates: &[Fate]) -> usize {
    fates.iter().map(|fate| if let Fate::Taken { judged, .. } = fate { *judged } else { 0 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_only_a_stick_carries_is_settled_and_its_author_gets_the_receipt_in_both_suites() {
    for suite in [Suite::International, Suite::ShangMi] {
        let trip = Trip::begin(suite).await;
        let case = trip.open().await;
        trip.open().await;
        assert_eq!(trip.export().await, 2);
        assert_eq!(judged(&trip.pass().await), 2);
        assert_eq!(trip.effects().await, 3);
        assert_eq!(judged(&trip.import().await), 2);
        assert!(files(&trip.stick).is_empty(), "what was read is taken away");
        trip.drained().await;
        trip.client.outbox().nudge();
        let receipt = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
        assert_eq!(receipt.record, case.event().into());
        assert_eq!(trip.export().await, 0);
        assert!(files(&trip.stick).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_the_stick_reads_nothing_of_a_person() {
    let trip = Trip::begin(Suite::International).await;
    trip.open().await;
    trip.export().await;
    let bytes = std::fs::read(trip.file()).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let record = serde_json::from_slice::<tongqiao_protocol::SignedRecord>(&bytes[..end]).unwrap();
    let head = String::from_utf8(record.record).unwrap();
    for secret in ["测试用户", sandbox::CITIZEN, "13800000000", "办理入职手续", "applicant", DEPARTMENT] {
        assert!(!text.contains(secret) && !head.contains(secret), "{secret}");
    }
    // Once it is lost for good, the next one holds the same.
    std::fs::remove_file(trip.file()).unwrap();
    assert_eq!(trip.export().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_comes_twice_late_and_in_any_order_does_what_it_does_once() {
    let trip = Trip::begin(Suite::International).await;
    trip.open().await;
    trip.export().await;
    let (first_name, first) = (trip.file(), std::fs::read(trip.file()).unwrap());
    trip.open().await;
    assert_eq!(trip.export().await, 2);
    assert_ne!(trip.file(), first_name, "a later bundle holds what the earlier one held");
    assert_eq!(judged(&trip.pass().await), 2);
    // The first stick turns up after all, and is read twice.
    for _ in 0..2 {
        std::fs::write(&first_name, &first).unwrap();
        assert_eq!(judged(&trip.pass().await), 1);
    }
    assert_eq!(trip.effects().await, 3);
    assert_eq!(trip.import().await.len(), 3, "each reading was answered");
    trip.drained().await;
    assert_eq!(trip.effects().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_both_ways_at_once_takes_effect_once() {
    let mut trip = Trip::begin(Suite::International).await;
    trip.open().await;
    trip.open().await;
    trip.export().await;
    let link = async |trip: &mut Trip| trip.office.start_hub().await;
    let passing = ferry::pass(trip.office.hub_settings(), &trip.stick, &trip.stick).await;
    link(&mut trip).await;
    assert_eq!(passing.unwrap().len(), 1);
    trip.drained().await;
    // The answers of the stick come when all is long known.
    trip.import().await;
    // With the link up it may be settled before anybody sees it in custody.
    settle(&trip.client.cases().open(&sandbox::draft(&trip.client).await).await.unwrap()).await;
    trip.drained().await;
    assert_eq!(trip.effects().await, 4);
    assert!(trip.office.node().client().outbox().attention().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_a_revoked_node_is_kept_for_a_person_and_not_passed_on() {
    let trip = Trip::begin(Suite::International).await;
    trip.open().await;
    trip.export().await;
    let key = trip.office.node_key();
    trip.office.sandbox.post("/sandbox/revoke", &json!({ "keyid": key })).await;
    assert!(matches!(trip.pass().await[..], [Fate::Quarantined]));
    assert_eq!(trip.effects().await, 1);
    assert!(files(&trip.stick).is_empty());
    assert_eq!(files(&trip.stick.join("quarantine")).len(), 1);
    assert!(trip.pass().await.is_empty(), "it is not read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_damaged_anywhere_is_not_taken_and_does_no_harm() {
    let trip = Trip::begin(Suite::International).await;
    trip.open().await;
    trip.export().await;
    let (name, whole) = (trip.file(), std::fs::read(trip.file()).unwrap());
    std::fs::remove_file(&name).unwrap();
    // All damages in one go: each in a file of its own.
    let damage = |place: usize, bytes: Vec<u8>| {
        let name = trip.stick.join(format!("{place:06}.records.tqb"));
        std::fs::write(name, bytes).unwrap();
    };
    let mut made = 0;
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        damage(2 * place, flipped);
        damage(2 * place + 1, whole[..place].to_vec());
        made += 2;
    }
    let fates = trip.pass().await;
    assert_eq!(fates.len(), made);
    assert!(fates.iter().all(|fate| matches!(fate, Fate::Refused(_))), "{fates:?}");
    assert_eq!(trip.effects().await, 1);
    for file in files(&trip.stick) {
        std::fs::remove_file(file).unwrap();
    }
    std::fs::write(&name, &whole).unwrap();
    assert_eq!(judged(&trip.pass().await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_taken_from_the_hub_alone_and_by_the_node_for_whom_they_are() {
    let trip = Trip::begin(Suite::International).await;
    trip.open().await;
    trip.export().await;
    trip.pass().await;
    let mut stranger = trip.office.settings.clone();
    stranger.hub_party = "another-hub".parse().unwrap();
    let read = ferry::import(&stranger, &trip.stick).await.unwrap();
    assert!(matches!(&read[0].fate, Fate::Refused(Unusable::FromAnother(from)) if from.as_str() == "city-hub"));
    // A bundle of records under the name of one of receipts is none.
    let receipts = trip.file();
    trip.export().await;
    let records = files(&trip.stick).into_iter().find(|file| *file != receipts).unwrap();
    std::fs::rename(records, trip.stick.join("0.receipts.tqb")).unwrap();
    let fates = trip.import().await;
    assert!(matches!(&fates[0], Fate::Refused(Unusable::ForAnother(to)) if to.as_str() == "city-hub"), "{fates:?}");
    assert_eq!(judged(&fates), 1);
    trip.drained().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_platform_has_lost_is_carried_again_and_old_receipts_do_not_count() {
    let trip = Trip::begin(Suite::International).await;
    let backup = trip.office.sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    trip.open().await;
    trip.export().await;
    trip.pass().await;
    let (stale_name, stale) = (trip.file(), std::fs::read(trip.file()).unwrap());
    trip.import().await;
    trip.drained().await;
    trip.office.sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    assert_eq!(trip.effects().await, 1);
    trip.open().await;
    assert_eq!(trip.export().await, 1);
    trip.pass().await;
    trip.import().await;
    eventually("the lost case, waiting again", async || {
        std::fs::write(&stale_name, &stale).unwrap();
        trip.import().await;
        (trip.export().await > 0 && judged(&trip.pass().await) > 0 && trip.effects().await == 3).then_some(())
    })
    .await;
    trip.import().await;
    trip.drained().await;
    assert_eq!(trip.effects().await, 3);
}
