//! Materials at the platform: pieces, completion, and what a digest does not allow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tongqiao_protocol::limits::{
    MATERIAL_BYTES_MAX, MATERIAL_CHUNK_BYTES_MAX, MATERIAL_CHUNK_BYTES_MIN, MATERIAL_IDLE_MS,
    MATERIALS_RECEIVING_BYTES_MAX, MATERIALS_RECEIVING_MAX,
};
use tongqiao_protocol::material::possession_proof;
use tongqiao_protocol::{Digest, Suite};

use super::department::{Answer, DIVISION, Department, Tamper, World, fresh_id};

/// Digits, so that any range of it is a JSON number.
fn digits(count: usize) -> Vec<u8> {
    (0..count).map(|place| b'1' + u8::try_from(place % 9).unwrap()).collect()
}

fn announcement(department: &Department, content: &[u8], suite: Suite) -> Value {
    json!({
        "material": fresh_id(), "party": department.party, "digest": Digest::of(suite, content), "size": content.len(),
        "media_type": "application/pdf", "name": "身份证.pdf", "dataclass": "personal",
    })
}

fn id(announcement: &Value) -> &str {
    announcement["material"].as_str().unwrap()
}

async fn announce(department: &Department, announcement: &Value) -> Answer {
    department.post("/v1/materials", announcement).await
}

async fn chunk(department: &Department, material: &str, offset: usize, bytes: &[u8]) -> Answer {
    let path = format!("/v1/materials/{material}/chunks?offset={offset}");
    department.send(Method::POST, &path, bytes, &Tamper::default()).await
}

async fn complete(department: &Department, material: &str) -> Answer {
    department.post(&format!("/v1/materials/{material}/completion"), &json!({})).await
}

async fn view(department: &Department, material: &str) -> Answer {
    department.get(&format!("/v1/materials/{material}")).await
}

/// The whole way of a material.
async fn brought(department: &Department, content: &[u8]) -> Value {
    let announced = announcement(department, content, Suite::International);
    assert_eq!(announce(department, &announced).await.body["state"], "receiving");
    assert_eq!(chunk(department, id(&announced), 0, content).await.body["offset"], content.len());
    let completed = complete(department, id(&announced)).await;
    assert_eq!(completed.body["state"], "complete", "{:#}", completed.body);
    completed.body
}

#[tokio::test]
async fn a_material_is_whole_when_its_digest_says_so_and_every_step_may_be_repeated() {
    let world = World::new().await;
    let department = &world.department;
    for suite in [Suite::International, Suite::ShangMi] {
        let content = digits(5_000);
        let announced = announcement(department, &content, suite);
        let first = announce(department, &announced).await;
        assert_eq!(
            (first.status, &first.body["state"], &first.body["offset"]),
            (StatusCode::OK, &json!("receiving"), &json!(0))
        );
        assert_eq!(announce(department, &announced).await.body, first.body);
        for (offset, end) in [(0, 2_000), (0, 2_000), (1_500, 4_000), (4_000, 5_000), (0, 5_000)] {
            let taken = chunk(department, id(&announced), offset, &content[offset..end]).await;
            assert_eq!(taken.status, StatusCode::OK, "{offset}: {:#}", taken.body);
        }
        assert_eq!(view(department, id(&announced)).await.body["offset"], 5_000);
        let completed = complete(department, id(&announced)).await;
        assert_eq!(completed.body["state"], "complete", "{:#}", completed.body);
        let receipt = STANDARD.decode(completed.body["receipt"]["receipt"].as_str().unwrap()).unwrap();
        let receipt: Value = serde_json::from_slice(&receipt).unwrap();
        assert_eq!((&receipt["of"], &receipt["record"]), (&json!("material"), &announced["material"]));
        assert_eq!((&receipt["digest"], &receipt["kind"]), (&announced["digest"], &json!("settled")));
        // Complete, it is never changed again, and every step is answered with the same.
        assert_eq!(complete(department, id(&announced)).await.body, completed.body);
        assert_eq!(chunk(department, id(&announced), 4_000, &content[4_000..]).await.body, completed.body);
        assert_eq!(announce(department, &announced).await.body, completed.body);
        let other = chunk(department, id(&announced), 0, &vec![b'0'; 2_000]).await;
        assert_eq!(other.code(), "material.chunk_conflict");
        for (offset, limit) in [(0, 12), (1_990, 15), (4_990, 10)] {
            let path = format!("/v1/materials/{}/content?offset={offset}&limit={limit}", id(&announced));
            let range = String::from_utf8(content[offset..offset + limit].to_vec()).unwrap();
            assert_eq!(department.get(&path).await.body, json!(range.parse::<u64>().unwrap()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_gap_an_overlap_with_other_bytes_a_piece_too_long_and_one_too_short_change_nothing() {
    let world = World::new().await;
    let department = &world.department;
    let content = digits(5_000);
    let announced = announcement(department, &content, Suite::International);
    announce(department, &announced).await;
    chunk(department, id(&announced), 0, &content[..2_000]).await;
    let mut changed = content[1_000..4_000].to_vec();
    changed[10] = b'0';
    let long = [content.as_slice(), b"1"].concat();
    let least = MATERIAL_CHUNK_BYTES_MIN;
    for (offset, bytes, code, stands_at) in [
        (2_001, &content[2_001..4_000], "material.offset_mismatch", Some("2000")),
        (1_000, &changed[..], "material.chunk_conflict", Some("1000")),
        (0, &long[..], "request.out_of_range", None),
        (2_000, &content[2_000..2_000 + least - 1], "material.offset_mismatch", Some("2000")),
        (2_000, &[][..], "request.missing_field", None),
    ] {
        let refused = chunk(department, id(&announced), offset, bytes).await;
        assert_eq!(refused.code(), code, "{offset}: {:#}", refused.body);
        if let Some(stands_at) = stands_at {
            assert_eq!(refused.body["params"]["offset"], stands_at);
        }
        assert_eq!(view(department, id(&announced)).await.body["offset"], 2_000);
    }
    let incomplete = complete(department, id(&announced)).await;
    assert_eq!((incomplete.code(), &incomplete.body["params"]["offset"]), ("material.incomplete", &json!("2000")));
    for query in ["", "?offset=-1", "?offset=x", "?offset=2147483648"] {
        let path = format!("/v1/materials/{}/chunks{query}", id(&announced));
        let refused = department.send(Method::POST, &path, &content[..2_000], &Tamper::default()).await;
        assert_eq!(refused.faults()[0].0, "/query/offset", "{query}: {:#}", refused.body);
    }
    let at_least = chunk(department, id(&announced), 2_000, &content[2_000..2_000 + least]).await;
    assert_eq!(at_least.body["offset"], 2_000 + least);
}

#[tokio::test]
async fn bytes_with_another_digest_are_refused_with_both_digests_and_stay_refused() {
    let world = World::new().await;
    let department = &world.department;
    let (content, other) = (digits(3_000), vec![b'7'; 3_000]);
    let announced = announcement(department, &content, Suite::ShangMi);
    announce(department, &announced).await;
    chunk(department, id(&announced), 0, &other).await;
    for _ in 0..2 {
        let refused = complete(department, id(&announced)).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::UNPROCESSABLE_ENTITY, "material.digest_mismatch"));
        assert_eq!(refused.body["params"]["expected"], announced["digest"]);
        assert_eq!(refused.body["params"]["found"], json!(Digest::of(Suite::ShangMi, &other)));
    }
    let shown = view(department, id(&announced)).await.body;
    assert_eq!((&shown["state"], &shown["found"]), (&json!("refused"), &json!(Digest::of(Suite::ShangMi, &other))));
    assert_eq!(chunk(department, id(&announced), 0, &content).await.code(), "material.digest_mismatch");
    let read = department.get(&format!("/v1/materials/{}/content", id(&announced))).await;
    assert_eq!(read.code(), "material.incomplete");
    // The right bytes come under an id of their own.
    brought(department, &content).await;
}

#[tokio::test]
async fn who_knows_only_a_digest_learns_nothing_and_who_has_the_bytes_need_not_send_them() {
    let world = World::new().await;
    let content = digits(70_000);
    let brought = brought(&world.department, &content).await;
    let grant = json!({ "divisions": ["340722"] });
    let stranger = Department::enrol_with(world.running.base_url(), "stranger", &grant).await;
    assert_eq!(view(&stranger, brought["material"].as_str().unwrap()).await.code(), "material.unknown");
    let path = format!("/v1/materials/{}", brought["material"].as_str().unwrap());
    for rest in ["/content", "/content?offset=1"] {
        assert_eq!(stranger.get(&format!("{path}{rest}")).await.code(), "material.unknown");
    }
    assert_eq!(chunk(&stranger, brought["material"].as_str().unwrap(), 0, &content).await.code(), "material.unknown");

    // Somebody's content and nobody's are answered alike, at the announcement and to a wrong proof.
    let mut answers = Vec::new();
    for probed in [content.clone(), digits(70_001)[1..].to_vec()] {
        let announced = announcement(&stranger, &probed, Suite::International);
        let first = announce(&stranger, &announced).await.body;
        let salt: [u8; 32] = STANDARD.decode(first["salt"].as_str().unwrap()).unwrap().try_into().unwrap();
        let wrong = possession_proof(Suite::International, &salt, b"not the content");
        let path = format!("/v1/materials/{}/possession", id(&announced));
        let mut second = stranger.post(&path, &json!({ "proof": wrong })).await.body;
        assert_eq!((&second["state"], &second["offset"]), (&json!("receiving"), &json!(0)));
        // There is no second try, also with the right proof.
        let right = possession_proof(Suite::International, &salt, &probed);
        assert_eq!(stranger.post(&path, &json!({ "proof": right })).await.body, second);
        for own in ["material", "digest"] {
            second[own] = Value::Null;
        }
        answers.push(second);
    }
    assert_eq!(answers[0], answers[1]);

    let announced = announcement(&stranger, &content, Suite::International);
    let first = announce(&stranger, &announced).await.body;
    let salt: [u8; 32] = STANDARD.decode(first["salt"].as_str().unwrap()).unwrap().try_into().unwrap();
    let proof = possession_proof(Suite::International, &salt, &content);
    let path = format!("/v1/materials/{}/possession", id(&announced));
    let proven = stranger.post(&path, &json!({ "proof": proof })).await.body;
    assert_eq!(proven["state"], "complete", "{proven:#}");
    let read = stranger.get(&format!("/v1/materials/{}/content?offset=69990&limit=9", id(&announced))).await;
    assert_eq!(read.body.to_string().as_bytes(), &content[69_990..69_999]);
}

#[tokio::test]
async fn what_a_party_may_read_it_need_not_send_again() {
    let world = World::new().await;
    let content = digits(3_000);
    brought(&world.department, &content).await;
    let again = announcement(&world.department, &content, Suite::International);
    let here = announce(&world.department, &again).await.body;
    assert_eq!((&here["state"], &here["offset"]), (&json!("complete"), &json!(3_000)));
    assert!(here["receipt"].is_object());
    // Another algorithm's digest is another name, which nobody has checked.
    let otherwise = announcement(&world.department, &content, Suite::ShangMi);
    assert_eq!(announce(&world.department, &otherwise).await.body["state"], "receiving");
}

#[tokio::test]
async fn an_event_is_not_held_up_by_a_missing_material_and_its_case_lets_the_responsible_read_it() {
    let world = World::new().await;
    let department = &world.department;
    let content = digits(4_000);
    let announced = announcement(department, &content, Suite::International);
    let case = fresh_id();
    let mut applied = world.applied(&case).await;
    applied["data"]["materials"][0]["digest"] = announced["digest"].clone();
    assert_eq!(department.push(&[applied]).await.result()["status"], "settled");
    let cited = async || department.get(&format!("/v1/cases/{case}")).await.body["materials"][0].clone();
    assert_eq!(cited().await["state"], "missing");
    announce(department, &announced).await;
    chunk(department, id(&announced), 0, &content).await;
    assert_eq!(cited().await["state"], "receiving");
    complete(department, id(&announced)).await;
    assert_eq!((&cited().await["state"], &cited().await["material"]), (&json!("complete"), &announced["material"]));

    let url = world.running.base_url();
    let responsible = Department::enrol_with(url, "district-office", &json!({ "divisions": [DIVISION] })).await;
    let elsewhere = Department::enrol_with(url, "elsewhere", &json!({ "divisions": ["340722"] })).await;
    let path = format!("/v1/materials/{}/content?offset=9&limit=9", id(&announced));
    assert_eq!(responsible.get(&path).await.body, json!(123_456_789));
    assert_eq!(elsewhere.get(&path).await.code(), "material.unknown");
    // To cite somebody's digest in one's own case gives nothing.
    let joining = announcement(&elsewhere, &content, Suite::International);
    assert_eq!(announce(&elsewhere, &joining).await.body["state"], "receiving");
    let joining = announcement(&responsible, &content, Suite::International);
    assert_eq!(announce(&responsible, &joining).await.body["state"], "complete");
}

#[tokio::test]
async fn two_uploads_of_the_same_content_at_once_both_become_whole() {
    let world = World::new().await;
    let department = &world.department;
    let content = digits(6_000);
    let pair = [0, 1].map(|_| announcement(department, &content, Suite::International));
    for (offset, end) in [(0, 3_000), (3_000, 6_000)] {
        for announced in &pair {
            announce(department, announced).await;
        }
        let (left, right) = tokio::join!(
            chunk(department, id(&pair[0]), offset, &content[offset..end]),
            chunk(department, id(&pair[1]), offset, &content[offset..end])
        );
        assert_eq!((left.body["offset"].as_u64(), right.body["offset"].as_u64()), (Some(end as u64), Some(end as u64)));
    }
    let (left, right) = tokio::join!(complete(department, id(&pair[0])), complete(department, id(&pair[1])));
    assert_eq!((&left.body["state"], &right.body["state"]), (&json!("complete"), &json!("complete")));
}

#[tokio::test]
async fn the_materials_on_their_way_end_at_their_limits_in_number_and_bytes() {
    let world = World::new().await;
    let large = Department::enrol(world.running.base_url(), "large-files").await;
    let announced = |department: &Department, size: u64| {
        let mut announced = announcement(department, b"1", Suite::International);
        announced["size"] = json!(size);
        announced
    };
    for _ in 0..MATERIALS_RECEIVING_BYTES_MAX / MATERIAL_BYTES_MAX {
        let taken = announce(&large, &announced(&large, MATERIAL_BYTES_MAX)).await;
        assert_eq!(taken.status, StatusCode::OK, "{:#}", taken.body);
    }
    let refused = announce(&large, &announced(&large, 1)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "material.quota"));
    let many = &world.department;
    for _ in 0..MATERIALS_RECEIVING_MAX {
        assert_eq!(announce(many, &announced(many, 1)).await.status, StatusCode::OK);
    }
    assert_eq!(announce(many, &announced(many, 1)).await.code(), "material.quota");
    for size in [0, MATERIAL_BYTES_MAX + 1] {
        let refused = announce(many, &announced(many, size)).await;
        assert_eq!(refused.faults(), [("/size".to_owned(), "request.invalid_value".to_owned())]);
    }
}

#[tokio::test]
async fn an_unfinished_material_is_forgotten_after_its_time_and_may_begin_anew() {
    let world = World::new().await;
    let content = digits(3_000);
    let announced = announcement(&world.department, &content, Suite::International);
    announce(&world.department, &announced).await;
    chunk(&world.department, id(&announced), 0, &content[..2_000]).await;
    for (seconds, offset) in [(MATERIAL_IDLE_MS / 1_000, 2_000), (1, 0)] {
        let now = world.running.clock().now().plus_millis(seconds * 1_000);
        world.running.clock().set(now);
        let passed = (now.as_millis() - super::department::NOON_MILLIS) / 1_000;
        let later = world.department.clone().later_by_seconds(passed);
        let answer = announce(&later, &announced).await;
        assert_eq!(answer.body["offset"], offset, "{:#}", answer.body);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_announcement_is_told_at_once() {
    let world = World::new().await;
    let wrong = json!({
        "material": "1", "digest": "md5:1", "size": -1, "media_type": "PDF", "name": "../etc/passwd",
        "dataclass": "secret", "case": 7,
    });
    let answer = announce(&world.department, &wrong).await;
    let mut paths: Vec<String> = answer.faults().into_iter().map(|(path, _)| path).collect();
    paths.sort();
    assert_eq!(paths, ["/case", "/dataclass", "/digest", "/material", "/media_type", "/name", "/party", "/size"]);
    let mut foreign = announcement(&world.department, b"1", Suite::International);
    foreign["party"] = json!("somebody-else");
    assert_eq!(announce(&world.department, &foreign).await.code(), "scope.author_not_carried");
    let announced = announcement(&world.department, b"1", Suite::International);
    announce(&world.department, &announced).await;
    let mut other = announced.clone();
    other["size"] = json!(2);
    assert_eq!(announce(&world.department, &other).await.code(), "material.id_conflict");
    for path in ["/v1/materials/x", "/v1/materials/x/content"] {
        assert_eq!(world.department.get(path).await.faults()[0].0, "/material", "{path}");
    }
}

#[tokio::test]
async fn a_piece_of_the_largest_size_is_taken_and_survives_the_end_of_the_platform() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        tongqiao_reference_platform::Platform::builder()
            .database(folder.path().join("platform.sqlite"))
            .clock(tongqiao_reference_platform::Clock::manual(tongqiao_protocol::Timestamp::from_millis(
                super::department::NOON_MILLIS,
            )))
            .sandbox()
            .start()
    };
    let running = start().await.unwrap();
    let department = Department::enrol(running.base_url(), "civil-affairs").await;
    let content = digits(MATERIAL_CHUNK_BYTES_MAX + 1);
    let announced = announcement(&department, &content, Suite::International);
    announce(&department, &announced).await;
    let taken = chunk(&department, id(&announced), 0, &content[..MATERIAL_CHUNK_BYTES_MAX]).await;
    assert_eq!(taken.body["offset"], MATERIAL_CHUNK_BYTES_MAX, "{:#}", taken.body);
    running.shutdown().await;
    let running = start().await.unwrap();
    let department = department.at(running.base_url());
    assert_eq!(view(&department, id(&announced)).await.body["offset"], MATERIAL_CHUNK_BYTES_MAX);
    chunk(&department, id(&announced), MATERIAL_CHUNK_BYTES_MAX, &content[MATERIAL_CHUNK_BYTES_MAX..]).await;
    assert_eq!(complete(&department, id(&announced)).await.body["state"], "complete");
}
