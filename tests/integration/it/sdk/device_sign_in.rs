//! Signing in at a device whose clock, like the platform's, is moved by the test: nobody waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tongqiao::{Client, Clock, DeviceSignIn, IdentityProvider, SubjectKind};
use tongqiao_protocol::{ErrorCode, Suite, Timestamp};

use super::sandbox::{Sandbox, reqwest_client};
use super::signing_in::REDIRECT;

/// The sandbox's public client.
const CLIENT: &str = "tongqiao-sandbox";
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// One clock for the device and the platform.
#[derive(Clone)]
struct Shared(Arc<Mutex<Timestamp>>);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct World {
    sandbox: Arc<Sandbox>,
    clock: Shared,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let sandbox = Arc::new(Sandbox::start_at(NOW).await);
        let clock = Shared(Arc::new(Mutex::new(NOW)));
        let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
        let provider = IdentityProvider::new(&sandbox.url(), CLIENT, REDIRECT).unwrap();
        let builder = sandbox.builder(&credentials).store(sandbox.path("device.sqlite")).identity(provider);
        let client = builder.clock(Arc::new(clock.clone())).build().await.unwrap();
        Self { sandbox, clock, client }
    }

    fn pass(&self, time: Duration) {
        let now = self.clock.now().plus_millis(i64::try_from(time.as_millis()).unwrap());
        *self.clock.0.lock().unwrap() = now;
        self.sandbox.now_is(now);
    }

    /// What the person does on his own phone.
    async fn decide(&self, user_code: &str, person: &str) {
        let request = reqwest_client()
            .post(format!("{}/oidc/device", self.sandbox.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("user_code={user_code}&person={person}"));
        assert!(request.send().await.unwrap().status().is_success());
    }
}

/// Waits by the world's clock; after each pause `then` is done with how many there were.
async fn wait<F, D>(
    world: &Arc<World>,
    sign_in: &DeviceSignIn,
    then: F,
) -> (Result<tongqiao::SignedIn, ErrorCode>, Vec<u64>)
where
    F: Fn(usize) -> D + Send + Sync + 'static,
    D: Future<Output = ()> + Send + 'static,
{
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let (seen, passing) = (Arc::clone(&pauses), Arc::clone(world));
    let result = sign_in.wait_by(move |pause| {
        passing.pass(pause);
        let mut seen = seen.lock().unwrap();
        seen.push(pause.as_secs());
        then(seen.len())
    });
    let result = result.await.map_err(|error| error.code());
    let pauses = pauses.lock().unwrap().clone();
    (result, pauses)
}

#[tokio::test]
async fn a_person_signs_in_at_a_device_with_his_own_phone() {
    let world = Arc::new(World::new().await);
    let sign_in = world.client.identity().device_sign_in().await.unwrap();
    assert_eq!(sign_in.expires_at(), NOW.plus_millis(600_000));
    assert_eq!(sign_in.verification_address(), format!("{}/oidc/device", world.sandbox.url()));
    assert!(sign_in.verification_address_complete().unwrap().ends_with(sign_in.user_code()));
    let (person, code) = (Arc::clone(&world), sign_in.user_code().to_owned());
    let (signed_in, pauses) = wait(&world, &sign_in, move |count| {
        let (person, code) = (Arc::clone(&person), code.clone());
        async move {
            if count == 3 {
                person.decide(&code, "u-0101").await;
            }
        }
    })
    .await;
    assert_eq!(signed_in.as_ref().unwrap().subject().id(), "u-0101");
    assert_eq!(signed_in.unwrap().subject().kind(), &SubjectKind::Legal);
    assert_eq!(pauses, [5, 5, 5], "asked as often as the provider allows");
    let again = sign_in.wait_by(|_| async {}).await.unwrap_err();
    assert_eq!(again.code(), ErrorCode::IdentityDenied, "a device's code is good for one sign-in");
}

#[tokio::test]
async fn who_is_told_to_slow_down_does_and_a_later_wait_remembers_it() {
    let world = Arc::new(World::new().await);
    let sign_in = world.client.identity().device_sign_in().await.unwrap();
    // Somebody else's impatience: a question of which the platform's clock says that it comes too soon.
    let sandbox = Arc::clone(&world);
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&pauses);
    let waiting = sign_in.wait_by(move |pause| {
        let mut seen = seen.lock().unwrap();
        seen.push(pause.as_secs());
        let is_last = seen.len() == 4;
        // The second pause is cut short at the platform, not here.
        let passed = if seen.len() == 2 { Duration::from_secs(1) } else { pause };
        sandbox.pass(passed);
        async move {
            if is_last {
                std::future::pending::<()>().await;
            }
        }
    });
    tokio::select! {
        _ = waiting => panic!("nobody has decided"),
        () = async { while pauses.lock().unwrap().len() < 4 { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(*pauses.lock().unwrap(), [5, 5, 10, 10]);
    assert_eq!(sign_in.interval(), Duration::from_secs(10));
    // The wait was dropped in its pause, all of which has passed by the clock; the next goes on in the slower pace.
    let (person, code) = (Arc::clone(&world), sign_in.user_code().to_owned());
    let (signed_in, pauses) = wait(&world, &sign_in, move |_| {
        let (person, code) = (Arc::clone(&person), code.clone());
        async move { person.decide(&code, "u-0001").await }
    })
    .await;
    assert_eq!((signed_in.unwrap().subject().id(), &pauses[..]), ("u-0001", &[10][..]));
}

#[tokio::test]
async fn a_refusal_and_a_code_that_nobody_typed_end_the_waiting_each_with_its_code() {
    let world = Arc::new(World::new().await);
    let refused = world.client.identity().device_sign_in().await.unwrap();
    world.decide(refused.user_code(), "").await;
    let (result, _) = wait(&world, &refused, |_| async {}).await;
    assert_eq!(result.unwrap_err(), ErrorCode::IdentityDenied);
    let forgotten = world.client.identity().device_sign_in().await.unwrap();
    let (result, pauses) = wait(&world, &forgotten, |_| async {}).await;
    assert_eq!(result.unwrap_err(), ErrorCode::IdentitySignInExpired);
    assert!((119..=121).contains(&pauses.len()), "{}", pauses.len());
    let over = forgotten.wait_by(|_| async {}).await.unwrap_err();
    assert_eq!(over.code(), ErrorCode::IdentitySignInExpired);
}

#[tokio::test]
async fn two_devices_are_not_mixed_up_and_each_code_can_be_read_out() {
    let world = Arc::new(World::new().await);
    let identity = world.client.identity();
    let (one, other) = (identity.device_sign_in().await.unwrap(), identity.device_sign_in().await.unwrap());
    assert_ne!(one.user_code(), other.user_code());
    assert!(one.user_code().chars().all(|letter| "BCDFGHJKLMNPQRSTVWXZ-".contains(letter)), "{}", one.user_code());
    world.decide(other.user_code(), "u-0002").await;
    world.decide(one.user_code(), "u-0001").await;
    for (sign_in, person) in [(&one, "u-0001"), (&other, "u-0002")] {
        let (signed_in, _) = wait(&world, sign_in, |_| async {}).await;
        assert_eq!(signed_in.unwrap().subject().id(), person);
    }
}
