//! The error registry as code. @generated from `errors.toml` by `cargo verify --generate`; do not edit.
//!
//! Every error that a person or a program can meet is one of these. A code says what is wrong in both languages, what to
//! do, whether trying again can help, and whether the request took effect.
//!
//! ```
//! use tongqiao_protocol::{ErrorCode, Language};
//! for code in ErrorCode::ALL {
//!     assert_eq!(ErrorCode::from_code(code.code()), Some(*code));
//!     assert!(!code.title(Language::Chinese).is_empty());
//! }
//! ```

use core::fmt;

/// A language that people read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Simplified Chinese, the default.
    Chinese,
    /// English.
    English,
}

/// What sort of error it is, for programs that treat many codes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The message is wrong in itself.
    InvalidInput,
    /// Who sent it is not proven.
    Unauthenticated,
    /// Who sent it may not do this.
    Forbidden,
    /// What it speaks of is not known.
    NotFound,
    /// It contradicts what has already happened.
    Conflict,
    /// Something signed or stored is not what it was.
    Integrity,
    /// A stated limit is exceeded.
    Limit,
    /// This side cannot do that.
    Unsupported,
    /// The other side cannot be reached or is not ready.
    Unavailable,
    /// No answer came in time.
    Timeout,
    /// The local disk or database failed.
    Storage,
    /// A mistake of the program itself.
    Internal,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Trying again gives the same answer.
    Never,
    /// The very same request may be repeated at once.
    SameRequest,
    /// The same request may be repeated later.
    AfterDelay,
    /// Only a changed request can succeed.
    AfterChange,
}

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It never left this machine.
    NotSent,
    /// It arrived and changed nothing.
    Rejected,
    /// Nobody here can know; ask before doing it anew.
    Unknown,
    /// It took effect.
    Applied,
}

struct Row {
    code: &'static str,
    number: u16,
    kind: ErrorKind,
    http_status: u16,
    retry: Retry,
    outcome: Outcome,
    params: &'static [&'static str],
    zh: (&'static str, &'static str),
    en: (&'static str, &'static str),
}

/// An error of the registry, in the order of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorCode {
    /// `request.malformed_json`: The body is not JSON.
    RequestMalformedJson,
    /// `request.not_utf8`: The text is not UTF-8.
    RequestNotUtf8,
    /// `request.wrong_type`: A value has the wrong type.
    RequestWrongType,
    /// `request.missing_field`: A required field is missing.
    RequestMissingField,
    /// `request.invalid_value`: A value is not acceptable.
    RequestInvalidValue,
    /// `request.too_large`: The message is too large.
    RequestTooLarge,
    /// `request.batch_too_large`: The batch holds too many records.
    RequestBatchTooLarge,
    /// `request.unknown_route`: There is no such address.
    RequestUnknownRoute,
    /// `request.method_not_allowed`: The address does not know this method.
    RequestMethodNotAllowed,
    /// `request.media_type`: The content type is not application/json.
    RequestMediaType,
    /// `request.rate_limited`: Too many requests.
    RequestRateLimited,
    /// `request.empty_batch`: The batch is empty.
    RequestEmptyBatch,
    /// `request.invalid`: The message has faults.
    RequestInvalid,
    /// `request.header_invalid`: A header is missing or malformed.
    RequestHeaderInvalid,
    /// `request.query_invalid`: A query parameter is missing or malformed.
    RequestQueryInvalid,
    /// `request.too_long`: A text is longer than its limit, or a list has too many elements.
    RequestTooLong,
    /// `request.out_of_range`: A number is out of its range.
    RequestOutOfRange,
    /// `request.duplicate`: The same thing is listed twice.
    RequestDuplicate,
    /// `request.contradiction`: Two members contradict each other.
    RequestContradiction,
    /// `request.duplicate_member`: A member stands twice in one object.
    RequestDuplicateMember,
    /// `request.too_deep`: The JSON is nested too deeply.
    RequestTooDeep,
    /// `signature.missing`: The request is not signed.
    SignatureMissing,
    /// `signature.malformed`: The signature headers cannot be read.
    SignatureMalformed,
    /// `signature.unknown_key`: The key is not known.
    SignatureUnknownKey,
    /// `signature.mismatch`: The signature does not verify.
    SignatureMismatch,
    /// `signature.stale`: The hop signature is too old or from the future.
    SignatureStale,
    /// `signature.replayed`: The nonce was used before.
    SignatureReplayed,
    /// `signature.digest_mismatch`: Content-Digest does not fit the body.
    SignatureDigestMismatch,
    /// `signature.key_revoked`: The key is revoked.
    SignatureKeyRevoked,
    /// `signature.key_not_valid`: The key is outside its validity.
    SignatureKeyNotValid,
    /// `signature.wrong_use`: The key is not for this use.
    SignatureWrongUse,
    /// `signature.receipt_invalid`: The platform's receipt does not verify.
    SignatureReceiptInvalid,
    /// `signature.wrong_suite`: The signature or digest belongs to another suite than the key.
    SignatureWrongSuite,
    /// `signature.answer_unsigned`: An answer that must be signed is not, or its signature does not verify.
    SignatureAnswerUnsigned,
    /// `record.malformed`: A signed record cannot be read.
    RecordMalformed,
    /// `record.too_large`: A record is larger than the limit.
    RecordTooLarge,
    /// `record.unknown_key`: The author's key stands in no key directory.
    RecordUnknownKey,
    /// `record.signature_mismatch`: The author's signature does not fit the record.
    RecordSignatureMismatch,
    /// `record.wrong_use`: The author's key may not sign records.
    RecordWrongUse,
    /// `record.key_not_valid`: The author's key was not valid at the earliest attested time.
    RecordKeyNotValid,
    /// `record.quarantined`: The record is kept for a person to judge.
    RecordQuarantined,
    /// `event.id_conflict`: The id was used for other content.
    EventIdConflict,
    /// `event.sequence_reused`: The sequence number is already taken.
    EventSequenceReused,
    /// `event.wrong_party`: The event's source is not the signer.
    EventWrongParty,
    /// `event.unknown_kind`: The kind of event is not known.
    EventUnknownKind,
    /// `event.replacement_invalid`: It replaces nothing that was refused.
    EventReplacementInvalid,
    /// `case.transition_impossible`: The case's state does not allow this event.
    CaseTransitionImpossible,
    /// `case.conflict_lost`: Another system's event came first and wins.
    CaseConflictLost,
    /// `case.unknown`: The case is not known.
    CaseUnknown,
    /// `case.number_invalid`: The case number was not leased to this producer.
    CaseNumberInvalid,
    /// `case.number_taken`: The case number is already in use.
    CaseNumberTaken,
    /// `case.correction_uncited`: A line of the notice cites nothing of the published guide.
    CaseCorrectionUncited,
    /// `case.material_missing`: A required material is missing.
    CaseMaterialMissing,
    /// `case.actor_not_allowed`: This party may not cause the event.
    CaseActorNotAllowed,
    /// `case.nothing_to_answer`: The event that is answered is none of this case that still waits for an answer.
    CaseNothingToAnswer,
    /// `case.joint_mismatch`: The cases of a joint procedure do not say the same of each other.
    CaseJointMismatch,
    /// `case.joint_open`: A partner of the joint procedure has not ended yet.
    CaseJointOpen,
    /// `event.blocked`: An earlier event of this stream was refused and has no replacement.
    EventBlocked,
    /// `event.time_implausible`: The event's time lies in the future or before anything can have happened.
    EventTimeImplausible,
    /// `event.unknown`: This event is not known here.
    EventUnknown,
    /// `case.number_not_leased`: The case number was not leased to this producer.
    CaseNumberNotLeased,
    /// `case.number_unknown`: No case has this number.
    CaseNumberUnknown,
    /// `case.access_denied`: This case belongs to another department.
    CaseAccessDenied,
    /// `progress.mismatch`: Case number and query password do not fit together.
    ProgressMismatch,
    /// `progress.locked`: Too many wrong query passwords: the case number is locked.
    ProgressLocked,
    /// `material.unknown`: There is no such material that this party may see.
    MaterialUnknown,
    /// `material.id_conflict`: The id of the material was announced with another content.
    MaterialIdConflict,
    /// `material.offset_mismatch`: The piece does not begin where the platform stands.
    MaterialOffsetMismatch,
    /// `material.chunk_conflict`: Other bytes than these are already stored at this place.
    MaterialChunkConflict,
    /// `material.incomplete`: The material is not whole.
    MaterialIncomplete,
    /// `material.digest_mismatch`: What came is not what was announced.
    MaterialDigestMismatch,
    /// `material.quota`: Too many materials of this party are on their way.
    MaterialQuota,
    /// `bill.id_conflict`: The bill's id was used for other content.
    BillIdConflict,
    /// `bill.unknown`: The bill is not known, which proves nothing.
    BillUnknown,
    /// `bill.too_late`: The bill came after its not_after.
    BillTooLate,
    /// `bill.amount_mismatch`: The lines do not add up to the amount.
    BillAmountMismatch,
    /// `bill.fenced`: The id was fenced: it is refused for ever.
    BillFenced,
    /// `bill.already_paid`: The bill is paid.
    BillAlreadyPaid,
    /// `bill.not_paid`: The bill is not paid.
    BillNotPaid,
    /// `bill.refund_exceeds_paid`: The refunds would exceed what was paid.
    BillRefundExceedsPaid,
    /// `bill.wrong_party`: The bill belongs to another party.
    BillWrongParty,
    /// `refund.unknown`: The refund is not known, which proves nothing.
    RefundUnknown,
    /// `refund.id_conflict`: The refund's id was used for other content.
    RefundIdConflict,
    /// `payment.not_queued`: The link is down and queueing was not asked for.
    PaymentNotQueued,
    /// `bill.void_id_conflict`: This bill was voided by another record.
    BillVoidIdConflict,
    /// `refund.too_late`: The refund arrived after its not_after and is refused for ever.
    RefundTooLate,
    /// `refund.failed`: The money could not be returned to the payer.
    RefundFailed,
    /// `bill.outcome_unknown`: Its time has passed and nobody knows whether the platform has it.
    BillOutcomeUnknown,
    /// `item.unknown`: The catalogue has no such item and version.
    ItemUnknown,
    /// `item.not_in_force`: The item's version is not in force.
    ItemNotInForce,
    /// `item.division_mismatch`: The item is not handled in this division.
    ItemDivisionMismatch,
    /// `item.target_mismatch`: The item is not for this kind of applicant.
    ItemTargetMismatch,
    /// `item.form_field_missing`: A required field of the form is missing.
    ItemFormFieldMissing,
    /// `catalogue.unknown_base`: Changes since that snapshot are not kept.
    CatalogueUnknownBase,
    /// `catalogue.not_mirrored`: No catalogue has been mirrored yet.
    CatalogueNotMirrored,
    /// `identifier.length`: The code has the wrong length.
    IdentifierLength,
    /// `identifier.character`: The code has a character that is not allowed.
    IdentifierCharacter,
    /// `identifier.check`: The check character does not fit.
    IdentifierCheck,
    /// `identifier.date`: The code contains a date that does not exist.
    IdentifierDate,
    /// `identifier.unknown_set`: A code, its set or its generation is not known.
    IdentifierUnknownSet,
    /// `item.material_unknown`: The guide of the item does not name this material.
    ItemMaterialUnknown,
    /// `item.condition_unknown`: The guide of the item does not name this condition.
    ItemConditionUnknown,
    /// `item.channel_not_offered`: The item cannot be applied for through this channel.
    ItemChannelNotOffered,
    /// `identifier.value`: A part has a value that its code set does not know.
    IdentifierValue,
    /// `identifier.shape`: Separators or segments are not where they belong.
    IdentifierShape,
    /// `identifier.override_refused`: This check cannot be overridden.
    IdentifierOverrideRefused,
    /// `identifier.override_incomplete`: The override does not say who decided and why.
    IdentifierOverrideIncomplete,
    /// `catalogue.signature_invalid`: The catalogue's signature does not verify; the former one stays in use.
    CatalogueSignatureInvalid,
    /// `catalogue.expired`: The catalogue is too old to be relied upon.
    CatalogueExpired,
    /// `directory.expired`: The key directory is too old for this operation.
    DirectoryExpired,
    /// `directory.invalid`: The key directory does not verify; the former one stays in use.
    DirectoryInvalid,
    /// `enrolment.code_invalid`: The enrolment code is wrong, used or expired.
    EnrolmentCodeInvalid,
    /// `enrolment.party_taken`: The party is enrolled already.
    EnrolmentPartyTaken,
    /// `enrolment.key_taken`: The key id is in use.
    EnrolmentKeyTaken,
    /// `scope.not_allowed`: The party's scope does not cover this.
    ScopeNotAllowed,
    /// `lease.exhausted`: No case number is left and the platform cannot be reached.
    LeaseExhausted,
    /// `lease.request_conflict`: The lease request's id was used for another request.
    LeaseRequestConflict,
    /// `lease.part_invalid`: The numbers do not lie in a lease of the node that passed them on.
    LeasePartInvalid,
    /// `lease.part_conflict`: Some of these numbers were passed on to somebody else.
    LeasePartConflict,
    /// `receipt.unknown`: There is no receipt for this record yet.
    ReceiptUnknown,
    /// `lease.count_too_large`: More numbers were asked for than one lease may hold.
    LeaseCountTooLarge,
    /// `lease.expired`: The lease has expired; no further number may be taken from it.
    LeaseExpired,
    /// `enrolment.key_unsuitable`: The public key cannot be used.
    EnrolmentKeyUnsuitable,
    /// `enrolment.proof_invalid`: The enrolment is not signed by the key that it enrols.
    EnrolmentProofInvalid,
    /// `enrolment.party_mismatch`: The one-time code belongs to another party.
    EnrolmentPartyMismatch,
    /// `scope.division`: The party has no scope for this division.
    ScopeDivision,
    /// `scope.item`: The party has no scope for this item.
    ScopeItem,
    /// `scope.author_not_carried`: The sender may not carry records of this author.
    ScopeAuthorNotCarried,
    /// `epoch.changed`: The platform began a new epoch.
    EpochChanged,
    /// `log.forked`: The platform shows two histories: its log does not continue the one it signed before.
    LogForked,
    /// `log.rolled_back`: The platform's log has become shorter without a new epoch.
    LogRolledBack,
    /// `log.not_included`: A receipt that the platform signed does not stand in its log.
    LogNotIncluded,
    /// `log.receipt_lost`: A restore of the platform has undone this receipt.
    LogReceiptLost,
    /// `edge.link_down`: The node has no link to the city.
    EdgeLinkDown,
    /// `edge.answer_lost`: The link broke before the city's answer came.
    EdgeAnswerLost,
    /// `edge.full`: The node's disk is full.
    EdgeFull,
    /// `sidecar.token_invalid`: The token is missing or another one.
    SidecarTokenInvalid,
    /// `edge.key_not_looked_up`: The node does not know the key yet and cannot look it up now.
    EdgeKeyNotLookedUp,
    /// `identity.token_invalid`: The identity token is not acceptable.
    IdentityTokenInvalid,
    /// `identity.state_mismatch`: The answer does not belong to this sign-in.
    IdentityStateMismatch,
    /// `identity.keys_unavailable`: The identity provider's keys were never fetched.
    IdentityKeysUnavailable,
    /// `identity.login_required`: The user is not signed in.
    IdentityLoginRequired,
    /// `identity.token_expired`: The token has expired.
    IdentityTokenExpired,
    /// `identity.assurance_too_low`: The sign-in is not strong enough for this item.
    IdentityAssuranceTooLow,
    /// `identity.denied`: The user or the provider refused.
    IdentityDenied,
    /// `identity.sign_in_expired`: The person did not sign in in time.
    IdentitySignInExpired,
    /// `identity.mandate_ended`: The agent's mandate has ended.
    IdentityMandateEnded,
    /// `identity.binding_conflict`: The account or the person is bound to another.
    IdentityBindingConflict,
    /// `identity.not_offered`: The identity provider does not offer this.
    IdentityNotOffered,
    /// `identity.provider_failed`: The identity provider failed while it checked the sign-in.
    IdentityProviderFailed,
    /// `client.unreachable`: The platform cannot be reached.
    ClientUnreachable,
    /// `client.timeout`: No answer came in time.
    ClientTimeout,
    /// `client.bad_answer`: The answer cannot be understood.
    ClientBadAnswer,
    /// `client.closed`: The client has been shut down.
    ClientClosed,
    /// `client.configuration`: A setting is not usable.
    ClientConfiguration,
    /// `client.signing_failed`: The signing device failed.
    ClientSigningFailed,
    /// `client.tls`: The connection's certificate is not trusted.
    ClientTls,
    /// `store.corrupt`: The store is damaged.
    StoreCorrupt,
    /// `store.full`: The disk is full.
    StoreFull,
    /// `store.busy`: Another process holds the store too long.
    StoreBusy,
    /// `store.newer_version`: The store was written by a newer version.
    StoreNewerVersion,
    /// `store.failed`: The disk could not be read or written.
    StoreFailed,
    /// `store.conflict`: Somebody else changed the same thing first.
    StoreConflict,
    /// `store.invalid_change`: The change does not fit what is stored.
    StoreInvalidChange,
    /// `store.not_a_store`: The file belongs to another program.
    StoreNotAStore,
    /// `client.connection_lost`: The connection broke before the answer came; it may have taken effect.
    ClientConnectionLost,
    /// `client.cancelled`: The call was cancelled before its answer came.
    ClientCancelled,
    /// `client.unknown_inbox_entry`: No such entry of the inbox ever came here.
    ClientUnknownInboxEntry,
    /// `client.material_changed`: The file is not what it was when it was added.
    ClientMaterialChanged,
    /// `client.material_unreadable`: The file cannot be read.
    ClientMaterialUnreadable,
    /// `client.unknown_material`: No such material was ever added here.
    ClientUnknownMaterial,
    /// `internal.defect`: Something is wrong on our side.
    InternalDefect,
    /// `platform.unavailable`: The platform is not ready.
    PlatformUnavailable,
    /// `platform.version_unsupported`: The platform does not speak this version.
    PlatformVersionUnsupported,
    /// `platform.not_implemented`: The platform does not offer this.
    PlatformNotImplemented,
    /// `internal.unknown_code`: The other side used a code that this version does not know.
    InternalUnknownCode,
}

// One row a line, like the table it is.
#[rustfmt::skip]
static ROWS: &[Row] = &[
Row { code: "request.malformed_json", number: 1001, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("请求体不是合法的 JSON", "请以 UTF-8 编码发送一个完整的 JSON 值。"), en: ("The body is not JSON", "Send one JSON value in UTF-8.") },
Row { code: "request.not_utf8", number: 1002, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("文本不是 UTF-8 编码", "请先转换编码，常见原因是误用 GBK。"), en: ("The text is not UTF-8", "Convert it first; GBK is a common cause.") },
Row { code: "request.wrong_type", number: 1003, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expected"], zh: ("字段类型不对", "请按规范给出该字段的类型。"), en: ("A value has the wrong type", "Give the value the type that the schema states.") },
Row { code: "request.missing_field", number: 1004, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("缺少必填字段", "请补上路径所指的字段。"), en: ("A required field is missing", "Add the field named by the path.") },
Row { code: "request.invalid_value", number: 1005, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expected"], zh: ("字段取值不合要求", "请按所示格式填写。"), en: ("A value is not acceptable", "Give a value of the stated form.") },
Row { code: "request.too_large", number: 1006, kind: ErrorKind::Limit, http_status: 413, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit_bytes"], zh: ("报文超过大小上限", "请拆分报文，附件请按材料上传。"), en: ("The message is too large", "Split it, or send attachments as materials.") },
Row { code: "request.batch_too_large", number: 1007, kind: ErrorKind::Limit, http_status: 413, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit"], zh: ("一批记录过多", "请减少每批记录数。"), en: ("The batch holds too many records", "Send fewer records at once.") },
Row { code: "request.unknown_route", number: 1008, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("没有这个地址", "请核对路径与协议版本。"), en: ("There is no such address", "Check the path and the protocol version.") },
Row { code: "request.method_not_allowed", number: 1009, kind: ErrorKind::InvalidInput, http_status: 405, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("该地址不支持此方法", "请使用接口表规定的方法。"), en: ("The address does not know this method", "Use the method of the route table.") },
Row { code: "request.media_type", number: 1010, kind: ErrorKind::Unsupported, http_status: 415, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("内容类型不是 application/json", "请以 application/json 发送。"), en: ("The content type is not application/json", "Send application/json.") },
Row { code: "request.rate_limited", number: 1011, kind: ErrorKind::Limit, http_status: 429, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("请求过于频繁", "请按 Retry-After 等待。"), en: ("Too many requests", "Wait as Retry-After says.") },
Row { code: "request.empty_batch", number: 1012, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("批次为空", "每批至少一条记录。"), en: ("The batch is empty", "Send at least one record.") },
Row { code: "request.invalid", number: 1501, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("报文内容有误", "按 faults 列出的每一处改正后重新发送。"), en: ("The message has faults", "Correct every member listed in faults and send it again.") },
Row { code: "request.header_invalid", number: 1502, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["header", "expected"], zh: ("请求头缺失或格式不对", "按说明填写该请求头。"), en: ("A header is missing or malformed", "Send the header as described.") },
Row { code: "request.query_invalid", number: 1503, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["parameter", "expected"], zh: ("查询参数缺失或格式不对", "按说明填写该查询参数。"), en: ("A query parameter is missing or malformed", "Send the parameter as described.") },
Row { code: "request.too_long", number: 1506, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit", "found"], zh: ("文字过长或元素过多", "缩短或减少。"), en: ("A text is longer than its limit, or a list has too many elements", "Shorten it.") },
Row { code: "request.out_of_range", number: 1508, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["minimum", "maximum"], zh: ("数值超出范围", "改为范围内的数值。"), en: ("A number is out of its range", "Use a number in the range.") },
Row { code: "request.duplicate", number: 1509, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["first"], zh: ("同一内容重复列出", "只列一次。"), en: ("The same thing is listed twice", "List it once.") },
Row { code: "request.contradiction", number: 1510, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["other"], zh: ("两项内容互相矛盾", "核对后保留正确的一项。"), en: ("Two members contradict each other", "Decide which one is right.") },
Row { code: "request.duplicate_member", number: 1520, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("同一对象中有重名成员", "每个成员名只写一次：重名时各读取程序取值不一。"), en: ("A member stands twice in one object", "Write each name once; readers differ in which of two they take.") },
Row { code: "request.too_deep", number: 1521, kind: ErrorKind::Limit, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit"], zh: ("JSON 嵌套过深", "请减少嵌套层数。"), en: ("The JSON is nested too deeply", "Flatten it.") },
Row { code: "signature.missing", number: 2001, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("请求没有签名", "请发送 Signature-Input、Signature 与 Content-Digest 头。"), en: ("The request is not signed", "Send Signature-Input, Signature and Content-Digest.") },
Row { code: "signature.malformed", number: 2002, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["step"], zh: ("签名头无法解析", "请使用固定的组成项，签名为 64 字节的 base64。"), en: ("The signature headers cannot be read", "Use the fixed list of components and 64 bytes in base64.") },
Row { code: "signature.unknown_key", number: 2003, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥未登记", "请先登记密钥，或核对密钥标识。"), en: ("The key is not known", "Enrol the key, or correct the key id.") },
Row { code: "signature.mismatch", number: 2004, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid", "step", "bytes", "cause"], zh: ("验签不通过", "请将所签字节与提示的字节逐一比对。"), en: ("The signature does not verify", "Compare your signed bytes with those shown.") },
Row { code: "signature.stale", number: 2005, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &["created", "now"], zh: ("请求签名时间超出允许范围", "请按响应的 Date 头校正时钟后重新签名。"), en: ("The hop signature is too old or from the future", "Correct the clock by the Date header and sign again.") },
Row { code: "signature.replayed", number: 2006, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("随机数已被使用", "该请求先前已送达，可能已生效。请用新的随机数签名，重发同一记录。"), en: ("The nonce was used before", "The request came before and may have taken effect. Send the same record again, signed with a fresh nonce.") },
Row { code: "signature.digest_mismatch", number: 2007, kind: ErrorKind::Integrity, http_status: 401, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &[], zh: ("Content-Digest 与请求体不符", "请按实际发送的字节计算摘要。"), en: ("Content-Digest does not fit the body", "Compute it over the bytes that are sent.") },
Row { code: "signature.key_revoked", number: 2008, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥已吊销", "请登记新密钥。"), en: ("The key is revoked", "Enrol a new key.") },
Row { code: "signature.key_not_valid", number: 2009, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥不在有效期内", "请用登记密钥更新。"), en: ("The key is outside its validity", "Renew the key with the enrolment key.") },
Row { code: "signature.wrong_use", number: 2010, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥用途不符", "请使用登记为该用途的密钥。"), en: ("The key is not for this use", "Sign with a key enrolled for this use.") },
Row { code: "signature.receipt_invalid", number: 2011, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("平台回执验签不通过", "该回执不作数，记录将重新发送。"), en: ("The platform's receipt does not verify", "It is not counted; the record is sent again.") },
Row { code: "signature.wrong_suite", number: 2501, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid", "suite"], zh: ("签名或摘要与密钥的算法套件不一致", "套件由密钥记录决定：SM2 密钥用 SM3，Ed25519 密钥用 SHA-256。"), en: ("The signature or digest belongs to another suite than the key", "The key record decides the suite; take SM3 for SM2 keys and SHA-256 for Ed25519 keys.") },
Row { code: "signature.answer_unsigned", number: 2502, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("应签名的应答没有有效签名", "本端未记为成功；重新查询，并检查中间设备。"), en: ("An answer that must be signed is not, or its signature does not verify", "Nothing was recorded as done; ask again, and check what stands between you and the platform.") },
Row { code: "record.malformed", number: 2503, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["reason"], zh: ("签名记录无法解析", "发送被签名字节的 base64，并附 keyid 与 value。"), en: ("A signed record cannot be read", "Send base64 of the exact bytes that were signed, with keyid and value.") },
Row { code: "record.too_large", number: 2504, kind: ErrorKind::Limit, http_status: 413, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit_bytes", "found_bytes"], zh: ("单条记录超过上限", "把大内容移到材料中。"), en: ("A record is larger than the limit", "Move large content into materials.") },
Row { code: "record.unknown_key", number: 2505, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("记录作者的密钥不在目录中", "先登记密钥，再签发替换记录。"), en: ("The author's key stands in no key directory", "Enrol the key, then sign a replacement.") },
Row { code: "record.signature_mismatch", number: 2506, kind: ErrorKind::Integrity, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("作者签名与记录不符", "对“标签、密钥标识、记录字节”整体签名；解释信息会给出最可能的原因。"), en: ("The author's signature does not fit the record", "Sign the exact bytes with their tag and key id; the explanation names the likely cause.") },
Row { code: "record.wrong_use", number: 2507, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid", "use"], zh: ("作者的密钥不能用于签记录", "用途为 event 的密钥才能签记录。"), en: ("The author's key may not sign records", "Sign with a key whose use is event.") },
Row { code: "record.key_not_valid", number: 2508, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid", "attested"], zh: ("按最早的可信时间，作者的密钥当时不在有效期内", "用有效密钥签发替换记录。"), en: ("The author's key was not valid at the earliest attested time", "Sign a replacement with a valid key.") },
Row { code: "record.quarantined", number: 2509, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterDelay, outcome: Outcome::Unknown, params: &["keyid", "reason"], zh: ("记录已隔离，待人工判定", "等待或联系平台运营方；该记录既未生效也未丢弃。"), en: ("The record is kept for a person to judge", "Wait for the platform's operator, or call them; it is neither applied nor dropped.") },
Row { code: "event.id_conflict", number: 3001, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一编号对应了不同内容", "请排查程序缺陷，新事件须用新编号。"), en: ("The id was used for other content", "Look for a defect; a new event needs a new id.") },
Row { code: "event.sequence_reused", number: 3003, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &["sequence"], zh: ("顺序号已被占用", "数据库可能被复制或恢复，请启用新的存储代次。"), en: ("The sequence number is already taken", "The store was copied or restored: begin a new incarnation.") },
Row { code: "event.wrong_party", number: 3004, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("事件来源与签名方不符", "请用来源所指一方的密钥签名。"), en: ("The event's source is not the signer", "Sign with a key of the party named in source.") },
Row { code: "event.unknown_kind", number: 3005, kind: ErrorKind::Unsupported, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["type"], zh: ("未知的事件类型", "请使用办件状态表中的类型。"), en: ("The kind of event is not known", "Use a kind of the table of case life.") },
Row { code: "event.replacement_invalid", number: 3006, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("没有可替换的被拒事件", "只能在原顺序号上替换或放弃被拒绝的事件。"), en: ("It replaces nothing that was refused", "Only a refused event can be superseded or abandoned, at its own sequence.") },
Row { code: "case.transition_impossible", number: 3101, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["state", "event"], zh: ("办件当前状态不允许此操作", "请核对办件状态，替换或放弃该事件。"), en: ("The case's state does not allow this event", "Look at the case's state and supersede or abandon the event.") },
Row { code: "case.conflict_lost", number: 3102, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["with"], zh: ("其他系统的操作先到且优先", "请重新读取办件后再决定。"), en: ("Another system's event came first and wins", "Read the case again and decide anew.") },
Row { code: "case.unknown", number: 3103, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("没有这个办件", "请核对编号，申请可能尚未送达。"), en: ("The case is not known", "Check the id; the application may still be on its way.") },
Row { code: "case.number_invalid", number: 3104, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("办件编号不在本系统的号段内", "只能使用本系统领取的号段。"), en: ("The case number was not leased to this producer", "Take numbers only from your own leases.") },
Row { code: "case.number_taken", number: 3105, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("办件编号已被使用", "请取号段中的下一个号。"), en: ("The case number is already in use", "Take the next number of the lease.") },
Row { code: "case.correction_uncited", number: 3106, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("补正内容未引用办事指南", "每条须引用办事指南中的材料或条件，不得另行要求。"), en: ("A line of the notice cites nothing of the published guide", "Cite a material or condition of the guide; nothing else may be demanded.") },
Row { code: "case.material_missing", number: 3107, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["material"], zh: ("缺少必需材料", "请补充办事指南列明的材料。"), en: ("A required material is missing", "Add the material that the guide names.") },
Row { code: "case.actor_not_allowed", number: 3109, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该方无权发起此操作", "请查看办件状态表中的操作主体。"), en: ("This party may not cause the event", "See who may cause it in the table of case life.") },
Row { code: "case.nothing_to_answer", number: 3121, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["event"], zh: ("所答复的事件不是本办件中待答复的事件", "以事件标识指明投诉、差评或督办；每件只答复一次。"), en: ("The event that is answered is none of this case that still waits for an answer", "Name the complaint, the bad grade or the order by the id of its event; each is answered once.") },
Row { code: "case.joint_mismatch", number: 3122, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["case"], zh: ("联办各件所述不一致", "牵头件与协办件须互相指明，由同一接入方为同一申请人提交；办结时逐一写明各协办件的结果。"), en: ("The cases of a joint procedure do not say the same of each other", "Name the same cases on both sides, opened by one party for one applicant, and every partner with what became of it.") },
Row { code: "case.joint_open", number: 3123, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["case", "state"], zh: ("联办中尚有协办件未办结", "各协办件都办结（前置联办的都受理）之后，再办结牵头件。"), en: ("A partner of the joint procedure has not ended yet", "Decide the leading case when every partner has ended (or accepted, where it closes after promises).") },
Row { code: "event.blocked", number: 3501, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["event"], zh: ("该办件前面有一条事件被拒绝，尚未替换", "请对被拒绝的事件签发替换事件，改正后重报，或写明放弃。"), en: ("An earlier event of this stream was refused and has no replacement", "Send a replacement that supersedes or abandons the refused event.") },
Row { code: "event.time_implausible", number: 3502, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["time", "now"], zh: ("事件时间晚于现在，或早得不合情理", "校正时钟后签发替换事件。"), en: ("The event's time lies in the future or before anything can have happened", "Correct the clock and sign a replacement.") },
Row { code: "event.unknown", number: 3503, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &["event"], zh: ("平台没有该事件", "稍后再查，或重新发送该事件。"), en: ("This event is not known here", "Ask again later, or send it.") },
Row { code: "case.number_not_leased", number: 3504, kind: ErrorKind::Forbidden, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["number"], zh: ("该办件编号不在本生产者的号段内", "从本生产者、本存储代次领取的号段中取号。"), en: ("The case number was not leased to this producer", "Take a number from a lease of this producer and incarnation.") },
Row { code: "case.number_unknown", number: 3505, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["number"], zh: ("没有该编号的办件", "核对编号。"), en: ("No case has this number", "Check the number.") },
Row { code: "case.access_denied", number: 3506, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["case"], zh: ("该办件属于其他部门", "申请相应授权，或由主办部门处理。"), en: ("This case belongs to another department", "Ask for the scope, or leave it to the department in charge.") },
Row { code: "progress.mismatch", number: 3511, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("办件编号与查询密码不符", "请对照受理回执核对两者；多次输错将暂时锁定该编号。"), en: ("Case number and query password do not fit together", "Compare both with the receipt. Several wrong passwords lock the number for a while.") },
Row { code: "progress.locked", number: 3512, kind: ErrorKind::Limit, http_status: 429, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &["until"], zh: ("查询密码连续输错，该办件编号已暂时锁定", "请在所示时间之后再试，或持证件到窗口查询。"), en: ("Too many wrong query passwords: the case number is locked", "Wait until the time given, or ask at the counter with your document.") },
Row { code: "material.unknown", number: 3601, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("没有该材料，或本方无权查看", "请先登记材料，再上传内容。"), en: ("There is no such material that this party may see", "Announce it, and send its bytes.") },
Row { code: "material.id_conflict", number: 3602, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("该材料标识已用于其他内容", "每份内容请使用各自的标识。"), en: ("The id of the material was announced with another content", "Announce each content under an id of its own.") },
Row { code: "material.offset_mismatch", number: 3603, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["offset"], zh: ("分块的起点与平台已收位置不衔接", "请从所给位置继续上传。"), en: ("The piece does not begin where the platform stands", "Go on at the offset that is given.") },
Row { code: "material.chunk_conflict", number: 3604, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &["offset"], zh: ("该位置已存有不同的内容", "文件已变动，请作为新材料登记。"), en: ("Other bytes than these are already stored at this place", "The file has changed: announce it as a new material.") },
Row { code: "material.incomplete", number: 3605, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["offset", "size"], zh: ("材料尚不完整", "请从所给位置补传，再予完成。"), en: ("The material is not whole", "Send what is missing from the offset that is given, then complete it.") },
Row { code: "material.digest_mismatch", number: 3606, kind: ErrorKind::Integrity, http_status: 422, retry: Retry::Never, outcome: Outcome::Rejected, params: &["expected", "found"], zh: ("收到的内容与登记的摘要不符", "文件已变动，请作为新材料登记。"), en: ("What came is not what was announced", "The file has changed: announce it as a new material.") },
Row { code: "material.quota", number: 3607, kind: ErrorKind::Limit, http_status: 429, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &["limit"], zh: ("本方正在上传的材料过多", "请先完成一部分。"), en: ("Too many materials of this party are on their way", "Finish some of them first.") },
Row { code: "bill.id_conflict", number: 4001, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一缴款单编号对应了不同内容", "内容有变请新开缴款单，使用新编号。"), en: ("The bill's id was used for other content", "A changed bill is a new bill with a new id.") },
Row { code: "bill.unknown", number: 4002, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("查无此缴款单，但不能证明不存在", "缴款单可能仍在途中；要确认不存在，请用封禁查询。"), en: ("The bill is not known, which proves nothing", "It may still be on its way; only a fencing query answers ABSENT.") },
Row { code: "bill.too_late", number: 4003, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("缴款单到达时已过最迟时间（not_after）", "请新开缴款单。"), en: ("The bill came after its not_after", "Make a new bill.") },
Row { code: "bill.amount_mismatch", number: 4004, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["stated", "computed"], zh: ("明细合计与金额不符", "金额等于明细之和，滞纳金另列。"), en: ("The lines do not add up to the amount", "Amount is the sum of the lines; late fees stand apart.") },
Row { code: "bill.fenced", number: 4005, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("该编号已被封禁，永久拒绝", "请用新编号另开缴款单。"), en: ("The id was fenced: it is refused for ever", "Make a new bill with a new id.") },
Row { code: "bill.already_paid", number: 4006, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("缴款单已缴清", "请退款，不能作废。"), en: ("The bill is paid", "Refund it instead of voiding it.") },
Row { code: "bill.not_paid", number: 4007, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("缴款单尚未缴清", "尚未缴款的请作废，不能退款。"), en: ("The bill is not paid", "Only paid money can be refunded; an unpaid bill is voided.") },
Row { code: "bill.refund_exceeds_paid", number: 4008, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["paid", "refunded"], zh: ("累计退款将超过实缴金额", "退款不得超过剩余金额。"), en: ("The refunds would exceed what was paid", "Refund at most the rest.") },
Row { code: "bill.wrong_party", number: 4010, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("缴款单属于其他单位", "只有开单方可以操作。"), en: ("The bill belongs to another party", "Only its author may act on it.") },
Row { code: "refund.unknown", number: 4101, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("查无此退款，但不能证明不存在", "退款可能仍在途中。"), en: ("The refund is not known, which proves nothing", "It may still be on its way.") },
Row { code: "refund.id_conflict", number: 4102, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一退款编号对应了不同内容", "内容变更须使用新编号。"), en: ("The refund's id was used for other content", "A changed refund needs a new id.") },
Row { code: "payment.not_queued", number: 4103, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("网络中断，且未要求排队", "请稍后再试，或指定最迟时间（not_after）后排队。"), en: ("The link is down and queueing was not asked for", "Try again, or ask for queueing with a not_after.") },
Row { code: "bill.void_id_conflict", number: 4501, kind: ErrorKind::Integrity, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &["bill"], zh: ("该缴款单已由另一条作废记录作废", "无需处理，缴款单已作废。"), en: ("This bill was voided by another record", "Nothing to do, the bill is void.") },
Row { code: "refund.too_late", number: 4502, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["refund", "not_after"], zh: ("退款超过最迟时间才到达，已永久拒绝", "若仍需退款，用新编号另办。"), en: ("The refund arrived after its not_after and is refused for ever", "Make a new refund with a new id if it is still wanted.") },
Row { code: "refund.failed", number: 4503, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Applied, params: &["refund", "reason"], zh: ("款项未能退回缴款人", "须人工与缴款人处理。"), en: ("The money could not be returned to the payer", "A person must settle it with the payer.") },
Row { code: "bill.outcome_unknown", number: 4504, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterDelay, outcome: Outcome::Unknown, params: &["bill"], zh: ("已过最迟时间，平台是否收到尚不可知", "须先确认结果（查询，必要时查封），未确认不存在前不得另开。"), en: ("Its time has passed and nobody knows whether the platform has it", "Resolve it: ask, then fence. Never make another one before the answer is absent.") },
Row { code: "item.unknown", number: 5001, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["code", "version"], zh: ("目录中没有该事项及版本", "请在现行目录中查找事项。"), en: ("The catalogue has no such item and version", "Find the item in the current catalogue.") },
Row { code: "item.not_in_force", number: 5002, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["code", "version"], zh: ("事项版本未生效或已废止", "请使用现行版本。"), en: ("The item's version is not in force", "Use the version in force.") },
Row { code: "item.division_mismatch", number: 5003, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该区划不办理此事项", "请选择事项的办理区划。"), en: ("The item is not handled in this division", "Choose a division that the item serves.") },
Row { code: "item.target_mismatch", number: 5004, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("申请人类型不在服务对象内", "请核对服务对象。"), en: ("The item is not for this kind of applicant", "Check the service targets.") },
Row { code: "item.form_field_missing", number: 5005, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["field"], zh: ("表单缺少必填项", "请填写该项。"), en: ("A required field of the form is missing", "Fill in the field.") },
Row { code: "catalogue.unknown_base", number: 5101, kind: ErrorKind::NotFound, http_status: 410, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("无法提供自该快照以来的变更", "请重新获取完整快照。"), en: ("Changes since that snapshot are not kept", "Fetch the whole snapshot.") },
Row { code: "catalogue.not_mirrored", number: 5102, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("尚未同步事项目录", "请先与平台连接一次。"), en: ("No catalogue has been mirrored yet", "Connect once to the platform.") },
Row { code: "identifier.length", number: 5201, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["identifier", "part", "expected", "found"], zh: ("代码长度不对", "请核对位数。"), en: ("The code has the wrong length", "Count its characters.") },
Row { code: "identifier.character", number: 5202, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["identifier", "part", "position", "found", "allowed"], zh: ("代码含有不允许的字符", "请查看所指位置，常见原因是全角字符。"), en: ("The code has a character that is not allowed", "Look at the position named; full-width characters are a common cause.") },
Row { code: "identifier.check", number: 5203, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["identifier", "part", "scheme"], zh: ("校验位不符", "请与证件原件核对，可由经办人确认后放行并留痕。"), en: ("The check character does not fit", "Compare with the original; a human may override and is recorded.") },
Row { code: "identifier.date", number: 5204, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["identifier", "part"], zh: ("代码中的日期不存在", "请与证件原件核对。"), en: ("The code contains a date that does not exist", "Compare with the original.") },
Row { code: "identifier.unknown_set", number: 5206, kind: ErrorKind::Unsupported, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["set", "generation", "code"], zh: ("未知的代码、代码集或版本", "请注明登记的代码集、版本和代码。"), en: ("A code, its set or its generation is not known", "Name a code, a set and a generation of the registry.") },
Row { code: "item.material_unknown", number: 5501, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["material"], zh: ("办事指南中没有该材料", "不得要求指南之外的材料，请引用指南所列材料。"), en: ("The guide of the item does not name this material", "Nothing may be demanded that the guide does not say; cite a material of the guide.") },
Row { code: "item.condition_unknown", number: 5502, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["condition"], zh: ("办事指南中没有该条件", "请引用指南所列条件。"), en: ("The guide of the item does not name this condition", "Cite a condition of the guide.") },
Row { code: "item.channel_not_offered", number: 5503, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["channel"], zh: ("该事项不能通过此渠道申请", "使用指南所列渠道。"), en: ("The item cannot be applied for through this channel", "Use a channel of the guide.") },
Row { code: "identifier.value", number: 5504, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["identifier", "part", "allowed"], zh: ("号码某一段取值无效", "改用有效取值。"), en: ("A part has a value that its code set does not know", "Use a known value.") },
Row { code: "identifier.shape", number: 5505, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["identifier", "part", "expected"], zh: ("号码的分隔或分段不对", "按规定格式书写。"), en: ("Separators or segments are not where they belong", "Write it in the shape expected.") },
Row { code: "identifier.override_refused", number: 5506, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::Never, outcome: Outcome::Rejected, params: &["identifier", "part"], zh: ("该校验不能人工放行", "请改正号码。"), en: ("This check cannot be overridden", "Correct the identifier.") },
Row { code: "identifier.override_incomplete", number: 5507, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("人工放行未写明放行人和理由", "填写放行人和理由。"), en: ("The override does not say who decided and why", "Name the person and the reason.") },
Row { code: "catalogue.signature_invalid", number: 5508, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::NotSent, params: &["keyid"], zh: ("目录签名核验不通过，继续使用旧目录", "检查平台密钥。"), en: ("The catalogue's signature does not verify; the former one stays in use", "Check the platform's keys.") },
Row { code: "catalogue.expired", number: 5509, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &["age_seconds"], zh: ("事项目录过旧，不宜继续使用", "联网更新目录。"), en: ("The catalogue is too old to be relied upon", "Connect to refresh it.") },
Row { code: "directory.expired", number: 5510, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &["valid_until"], zh: ("密钥目录过旧，不能用于此操作", "联网更新密钥目录。"), en: ("The key directory is too old for this operation", "Connect to refresh it.") },
Row { code: "directory.invalid", number: 5511, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::NotSent, params: &["reason"], zh: ("密钥目录核验不通过，继续使用旧目录", "检查平台根密钥。"), en: ("The key directory does not verify; the former one stays in use", "Check the platform's root key.") },
Row { code: "enrolment.code_invalid", number: 6001, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("接入码错误、已使用或已过期", "请向市级平台重新申领。"), en: ("The enrolment code is wrong, used or expired", "Ask the city for a new one.") },
Row { code: "enrolment.party_taken", number: 6002, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该接入方已登记", "请用其登记密钥更新密钥。"), en: ("The party is enrolled already", "Renew its keys with its enrolment key.") },
Row { code: "enrolment.key_taken", number: 6003, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("密钥标识已被使用", "请更换密钥标识。"), en: ("The key id is in use", "Choose another key id.") },
Row { code: "scope.not_allowed", number: 6101, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &["scope"], zh: ("超出接入方的授权范围", "请向市级平台申请扩大授权。"), en: ("The party's scope does not cover this", "Ask the city to extend the scope.") },
Row { code: "lease.exhausted", number: 6201, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("办件编号已用尽且无法连接平台", "请连接平台，领取新号段。"), en: ("No case number is left and the platform cannot be reached", "Connect once so that a new block is leased.") },
Row { code: "lease.request_conflict", number: 6202, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一领号请求编号对应了不同内容", "请使用新的请求编号。"), en: ("The lease request's id was used for another request", "Use a new request id.") },
Row { code: "lease.part_invalid", number: 6203, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::Never, outcome: Outcome::Rejected, params: &["lease"], zh: ("转租的编号不在该节点租用的号段内", "请重新领号，并检查该边缘节点。"), en: ("The numbers do not lie in a lease of the node that passed them on", "Take new numbers, and have the node looked at.") },
Row { code: "lease.part_conflict", number: 6204, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &["part"], zh: ("其中的编号已转租给他方", "请重新领号，由市级平台查明被复制的节点。"), en: ("Some of these numbers were passed on to somebody else", "Take new numbers; the city finds out which node was copied.") },
Row { code: "receipt.unknown", number: 6302, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("该记录尚无回执", "请发送该记录。"), en: ("There is no receipt for this record yet", "Send the record.") },
Row { code: "lease.count_too_large", number: 6501, kind: ErrorKind::Limit, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit_numbers"], zh: ("所取号数超过单次上限", "减少数量或分次领取。"), en: ("More numbers were asked for than one lease may hold", "Ask for fewer, or for several leases.") },
Row { code: "lease.expired", number: 6503, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["lease", "expires"], zh: ("号段租约已到期，不能再取号", "领取新的号段；此前取出的编号仍有效。"), en: ("The lease has expired; no further number may be taken from it", "Take a new lease; numbers taken before stay valid.") },
Row { code: "enrolment.key_unsuitable", number: 6504, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid", "reason"], zh: ("公钥不可用", "Ed25519 公钥为 32 字节；SM2 公钥为以 04 开头的 65 字节。"), en: ("The public key cannot be used", "Send 32 bytes for Ed25519, or 65 bytes beginning with 04 for SM2.") },
Row { code: "enrolment.proof_invalid", number: 6505, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("登记请求没有用所登记的密钥签名", "用新密钥对请求签名。"), en: ("The enrolment is not signed by the key that it enrols", "Sign the request with the new key.") },
Row { code: "enrolment.party_mismatch", number: 6506, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["party"], zh: ("该接入码属于其他参与方", "使用本参与方的接入码。"), en: ("The one-time code belongs to another party", "Use the code of this party.") },
Row { code: "scope.division", number: 6507, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["party", "division"], zh: ("该参与方无此区划的权限", "申请授权，或核对区划。"), en: ("The party has no scope for this division", "Ask for the scope, or check the division.") },
Row { code: "scope.item", number: 6508, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["party", "item"], zh: ("该参与方无此事项的权限", "申请授权，或核对事项。"), en: ("The party has no scope for this item", "Ask for the scope, or check the item.") },
Row { code: "scope.author_not_carried", number: 6509, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["party", "author"], zh: ("发送方不得代传该作者的记录", "由作者所属节点发送。"), en: ("The sender may not carry records of this author", "Let the author's own node send it.") },
Row { code: "epoch.changed", number: 6510, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &["epoch"], zh: ("平台已启用新纪元", "无需处理，平台缺失的记录会自动重新报送。"), en: ("The platform began a new epoch", "Nothing to do; the records it lost are offered again.") },
Row { code: "log.forked", number: 6511, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::Never, outcome: Outcome::Unknown, params: &[], zh: ("平台出示了两份历史：其日志与此前签名的检查点不衔接", "保留本地存储，联系运营方和监察部门；两份已签名的检查点已留作证据。"), en: ("The platform shows two histories: its log does not continue the one it signed before", "Keep the store and call the operator and the supervising authority; both signed checkpoints are kept as evidence.") },
Row { code: "log.rolled_back", number: 6512, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::Never, outcome: Outcome::Unknown, params: &[], zh: ("平台日志在未换纪元的情况下变短", "保留本地存储，联系运营方和监察部门；两份已签名的检查点已留作证据。"), en: ("The platform's log has become shorter without a new epoch", "Keep the store and call the operator and the supervising authority; both signed checkpoints are kept as evidence.") },
Row { code: "log.not_included", number: 6513, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::Never, outcome: Outcome::Unknown, params: &[], zh: ("平台签发的回执不在其日志中", "妥善保存该回执，它能证明平台的承诺；联系运营方和监察部门。"), en: ("A receipt that the platform signed does not stand in its log", "Keep the receipt: it proves what was promised. Call the operator and the supervising authority.") },
Row { code: "log.receipt_lost", number: 6514, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("平台恢复备份后该回执已失效", "记录会自动重新报送；请改用新回执申请证明。"), en: ("A restore of the platform has undone this receipt", "The record is offered again by itself; ask for the proof of its new receipt.") },
Row { code: "edge.link_down", number: 6601, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("节点与市级平台的链路中断", "节点不能自行答复或代管的请求，请待链路恢复后再试。"), en: ("The node has no link to the city", "What the node may not answer or keep by itself waits until the link is back.") },
Row { code: "edge.answer_lost", number: 6602, kind: ErrorKind::Timeout, http_status: 504, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("市级平台的答复在途中丢失", "请重发同一记录，不会重复计入。"), en: ("The link broke before the city's answer came", "Send the same record again; it counts once.") },
Row { code: "edge.full", number: 6603, kind: ErrorKind::Limit, http_status: 507, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("节点存储空间已满", "已接收的内容安全并继续上送。请腾出空间后重发。"), en: ("The node's disk is full", "What it has accepted is safe and goes on being delivered. Make room, then send again.") },
Row { code: "sidecar.token_invalid", number: 6604, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("缺少令牌或令牌不符", "请发送头字段 Authorization: Bearer，其后为边车数据目录中 token 文件的内容。"), en: ("The token is missing or another one", "Send the header Authorization: Bearer with what stands in the sidecar's file named token.") },
Row { code: "edge.key_not_looked_up", number: 6605, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("节点尚不认识该密钥，目前无法向平台查询", "系统会自动重试；链路正常时，最迟半分钟后即可查明。密钥确实不存在时，另有专门的错误代码。"), en: ("The node does not know the key yet and cannot look it up now", "It is tried again by itself, half a minute later at most once the link is up. A key that does not exist is then told by its own code.") },
Row { code: "identity.token_invalid", number: 7002, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["reason"], zh: ("身份令牌不可用", "请重新登录，并核对时钟与客户端编号。"), en: ("The identity token is not acceptable", "Sign in again; check clock and client id.") },
Row { code: "identity.state_mismatch", number: 7003, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("登录应答与本次请求不符", "请重新登录，应答可能被伪造。"), en: ("The answer does not belong to this sign-in", "Begin again; somebody may have forged the answer.") },
Row { code: "identity.keys_unavailable", number: 7004, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("尚未获取身份认证平台的公钥", "请先连接一次统一身份认证平台。"), en: ("The identity provider's keys were never fetched", "Connect once to the identity provider.") },
Row { code: "identity.login_required", number: 7501, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("用户未登录", "引导用户登录。"), en: ("The user is not signed in", "Send the user through the sign-in page.") },
Row { code: "identity.token_expired", number: 7502, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expires"], zh: ("令牌已过期", "重新登录或刷新。"), en: ("The token has expired", "Sign in again, or refresh.") },
Row { code: "identity.assurance_too_low", number: 7503, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["scale", "required", "found"], zh: ("登录的认证等级不足", "请用户用更高等级的方式登录。"), en: ("The sign-in is not strong enough for this item", "Ask the user to sign in with a stronger means.") },
Row { code: "identity.denied", number: 7504, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["reason"], zh: ("用户或认证平台拒绝", "用户愿意时重新发起。"), en: ("The user or the provider refused", "Begin again if the user wishes.") },
Row { code: "identity.sign_in_expired", number: 7505, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("用户未在限定时间内完成登录", "请重新发起，并显示新的代码。"), en: ("The person did not sign in in time", "Begin again and show the new code.") },
Row { code: "identity.mandate_ended", number: 7506, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["until"], zh: ("代办授权已到期", "请委托人续期授权，或由本人办理。"), en: ("The agent's mandate has ended", "Have the principal renew it, or let the principal apply in person.") },
Row { code: "identity.binding_conflict", number: 7507, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("账号或用户已绑定到其他对象", "请再次核验原账号，解绑后重新绑定。"), en: ("The account or the person is bound to another", "Verify the old account once more, unbind it, then bind anew.") },
Row { code: "identity.not_offered", number: 7508, kind: ErrorKind::Unsupported, http_status: 501, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("身份认证平台未提供该功能", "请改用其他登录、退出方式，或联系认证平台运营方。"), en: ("The identity provider does not offer this", "Use another way to sign in or out, or ask the provider's operator.") },
Row { code: "identity.provider_failed", number: 7509, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("身份认证平台核验登录时出错", "请重新登录；持续出现时联系认证平台运营方。"), en: ("The identity provider failed while it checked the sign-in", "Sign in again; if it goes on, ask the provider's operator.") },
Row { code: "client.unreachable", number: 8001, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::SameRequest, outcome: Outcome::NotSent, params: &[], zh: ("无法连接平台", "无需处理，已受理的数据会保留并自动补传。"), en: ("The platform cannot be reached", "Nothing to do: accepted work is kept and sent later.") },
Row { code: "client.timeout", number: 8002, kind: ErrorKind::Timeout, http_status: 504, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("等待应答超时", "操作可能已生效，将以同一编号重发，只计一次。"), en: ("No answer came in time", "It may have taken effect; the same record is sent again and counts once.") },
Row { code: "client.bad_answer", number: 8003, kind: ErrorKind::Internal, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &["reason"], zh: ("应答无法解析", "请确认地址是本协议的平台。"), en: ("The answer cannot be understood", "Check that the address is a platform of this protocol.") },
Row { code: "client.closed", number: 8004, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::Never, outcome: Outcome::NotSent, params: &[], zh: ("客户端已关闭", "请重新创建客户端。"), en: ("The client has been shut down", "Build a new client.") },
Row { code: "client.configuration", number: 8005, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::NotSent, params: &["setting"], zh: ("配置项不可用", "请修改所指的配置项。"), en: ("A setting is not usable", "Correct the setting named.") },
Row { code: "client.signing_failed", number: 8006, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("签名设备故障", "请检查签名设备，数据尚未受理。"), en: ("The signing device failed", "Check the device; nothing was accepted.") },
Row { code: "client.tls", number: 8007, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterChange, outcome: Outcome::NotSent, params: &[], zh: ("连接证书不受信任", "请为客户端配置市级 CA 证书。"), en: ("The connection's certificate is not trusted", "Give the city's CA certificate to the client.") },
Row { code: "store.corrupt", number: 8101, kind: ErrorKind::Storage, http_status: 500, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("本地存储已损坏", "已停止受理新数据，请导出可读数据后恢复。"), en: ("The store is damaged", "New work is refused; export what can be read and restore.") },
Row { code: "store.full", number: 8102, kind: ErrorKind::Storage, http_status: 507, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("磁盘空间不足", "请清理磁盘，已受理的数据是安全的。"), en: ("The disk is full", "Free space; accepted work is safe.") },
Row { code: "store.busy", number: 8103, kind: ErrorKind::Storage, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("本地存储被其他进程长时间占用", "请重试。"), en: ("Another process holds the store too long", "Try again.") },
Row { code: "store.newer_version", number: 8104, kind: ErrorKind::Storage, http_status: 500, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("本地存储由更高版本写入", "请使用该版本或更高版本。"), en: ("The store was written by a newer version", "Use that version or a newer one.") },
Row { code: "store.failed", number: 8105, kind: ErrorKind::Storage, http_status: 500, retry: Retry::AfterDelay, outcome: Outcome::Unknown, params: &[], zh: ("磁盘读写失败", "请检查磁盘与权限。"), en: ("The disk could not be read or written", "Check the disk and its permissions.") },
Row { code: "store.conflict", number: 8106, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &[], zh: ("数据已被他人先行修改", "请重新读取后重试。"), en: ("Somebody else changed the same thing first", "Read again and repeat.") },
Row { code: "store.invalid_change", number: 8107, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::Never, outcome: Outcome::Rejected, params: &["reason"], zh: ("变更与已存内容不符", "数据未改动，请修正发起变更的程序。"), en: ("The change does not fit what is stored", "Nothing has changed; correct the program that asked for it.") },
Row { code: "store.not_a_store", number: 8108, kind: ErrorKind::Storage, http_status: 500, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该文件不是本地存储文件", "请指定本地存储文件，或尚不存在的文件路径。"), en: ("The file belongs to another program", "Give the path of a store, or of a file that does not exist yet.") },
Row { code: "client.connection_lost", number: 8504, kind: ErrorKind::Unavailable, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &["reason"], zh: ("收到应答前连接中断，可能已生效", "查询结果，或原样重发。"), en: ("The connection broke before the answer came; it may have taken effect", "Ask, or send the very same request again.") },
Row { code: "client.cancelled", number: 8505, kind: ErrorKind::Timeout, http_status: 499, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("调用在收到应答前被取消", "查询处理结果。"), en: ("The call was cancelled before its answer came", "Ask what became of it.") },
Row { code: "client.unknown_inbox_entry", number: 8511, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::NotSent, params: &[], zh: ("本地从未收到该收件箱条目", "请使用条目展示时的标识进行确认。"), en: ("No such entry of the inbox ever came here", "Acknowledge entries by the id under which they were shown.") },
Row { code: "client.material_changed", number: 8601, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::NotSent, params: &[], zh: ("文件与添加时不一致", "请重新添加该文件，并使用新的摘要。"), en: ("The file is not what it was when it was added", "Add the file anew, and cite the new digest.") },
Row { code: "client.material_unreadable", number: 8602, kind: ErrorKind::Storage, http_status: 500, retry: Retry::AfterChange, outcome: Outcome::NotSent, params: &[], zh: ("文件无法读取", "请恢复该文件，或重新添加。"), en: ("The file cannot be read", "Put the file back, or add it anew.") },
Row { code: "client.unknown_material", number: 8603, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::NotSent, params: &[], zh: ("本地从未添加该材料", "请使用添加时给出的标识。"), en: ("No such material was ever added here", "Use the id that adding it gave.") },
Row { code: "internal.defect", number: 9001, kind: ErrorKind::Internal, http_status: 500, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("系统内部错误", "请反馈请求编号。"), en: ("Something is wrong on our side", "Report the request id.") },
Row { code: "platform.unavailable", number: 9002, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::Unknown, params: &[], zh: ("平台暂不可用", "系统会自动重试。"), en: ("The platform is not ready", "It is tried again by itself.") },
Row { code: "platform.version_unsupported", number: 9502, kind: ErrorKind::Unsupported, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["found", "supported"], zh: ("平台不支持该协议版本", "升级本端。"), en: ("The platform does not speak this version", "Update this side.") },
Row { code: "platform.not_implemented", number: 9503, kind: ErrorKind::Unsupported, http_status: 501, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("平台未提供该功能", "改用其他方式，或联系运营方。"), en: ("The platform does not offer this", "Do without, or ask its operator.") },
Row { code: "internal.unknown_code", number: 9504, kind: ErrorKind::Internal, http_status: 500, retry: Retry::Never, outcome: Outcome::Unknown, params: &["code"], zh: ("对方使用了本版本未知的错误代码", "查看其标题与说明，并升级本端。"), en: ("The other side used a code that this version does not know", "Read its title and detail; update this side.") },
];

impl ErrorCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::RequestMalformedJson,
        Self::RequestNotUtf8,
        Self::RequestWrongType,
        Self::RequestMissingField,
        Self::RequestInvalidValue,
        Self::RequestTooLarge,
        Self::RequestBatchTooLarge,
        Self::RequestUnknownRoute,
        Self::RequestMethodNotAllowed,
        Self::RequestMediaType,
        Self::RequestRateLimited,
        Self::RequestEmptyBatch,
        Self::RequestInvalid,
        Self::RequestHeaderInvalid,
        Self::RequestQueryInvalid,
        Self::RequestTooLong,
        Self::RequestOutOfRange,
        Self::RequestDuplicate,
        Self::RequestContradiction,
        Self::RequestDuplicateMember,
        Self::RequestTooDeep,
        Self::SignatureMissing,
        Self::SignatureMalformed,
        Self::SignatureUnknownKey,
        Self::SignatureMismatch,
        Self::SignatureStale,
        Self::SignatureReplayed,
        Self::SignatureDigestMismatch,
        Self::SignatureKeyRevoked,
        Self::SignatureKeyNotValid,
        Self::SignatureWrongUse,
        Self::SignatureReceiptInvalid,
        Self::SignatureWrongSuite,
        Self::SignatureAnswerUnsigned,
        Self::RecordMalformed,
        Self::RecordTooLarge,
        Self::RecordUnknownKey,
        Self::RecordSignatureMismatch,
        Self::RecordWrongUse,
        Self::RecordKeyNotValid,
        Self::RecordQuarantined,
        Self::EventIdConflict,
        Self::EventSequenceReused,
        Self::EventWrongParty,
        Self::EventUnknownKind,
        Self::EventReplacementInvalid,
        Self::CaseTransitionImpossible,
        Self::CaseConflictLost,
        Self::CaseUnknown,
        Self::CaseNumberInvalid,
        Self::CaseNumberTaken,
        Self::CaseCorrectionUncited,
        Self::CaseMaterialMissing,
        Self::CaseActorNotAllowed,
        Self::CaseNothingToAnswer,
        Self::CaseJointMismatch,
        Self::CaseJointOpen,
        Self::EventBlocked,
        Self::EventTimeImplausible,
        Self::EventUnknown,
        Self::CaseNumberNotLeased,
        Self::CaseNumberUnknown,
        Self::CaseAccessDenied,
        Self::ProgressMismatch,
        Self::ProgressLocked,
        Self::MaterialUnknown,
        Self::MaterialIdConflict,
        Self::MaterialOffsetMismatch,
        Self::MaterialChunkConflict,
        Self::MaterialIncomplete,
        Self::MaterialDigestMismatch,
        Self::MaterialQuota,
        Self::BillIdConflict,
        Self::BillUnknown,
        Self::BillTooLate,
        Self::BillAmountMismatch,
        Self::BillFenced,
        Self::BillAlreadyPaid,
        Self::BillNotPaid,
        Self::BillRefundExceedsPaid,
        Self::BillWrongParty,
        Self::RefundUnknown,
        Self::RefundIdConflict,
        Self::PaymentNotQueued,
        Self::BillVoidIdConflict,
        Self::RefundTooLate,
        Self::RefundFailed,
        Self::BillOutcomeUnknown,
        Self::ItemUnknown,
        Self::ItemNotInForce,
        Self::ItemDivisionMismatch,
        Self::ItemTargetMismatch,
        Self::ItemFormFieldMissing,
        Self::CatalogueUnknownBase,
        Self::CatalogueNotMirrored,
        Self::IdentifierLength,
        Self::IdentifierCharacter,
        Self::IdentifierCheck,
        Self::IdentifierDate,
        Self::IdentifierUnknownSet,
        Self::ItemMaterialUnknown,
        Self::ItemConditionUnknown,
        Self::ItemChannelNotOffered,
        Self::IdentifierValue,
        Self::IdentifierShape,
        Self::IdentifierOverrideRefused,
        Self::IdentifierOverrideIncomplete,
        Self::CatalogueSignatureInvalid,
        Self::CatalogueExpired,
        Self::DirectoryExpired,
        Self::DirectoryInvalid,
        Self::EnrolmentCodeInvalid,
        Self::EnrolmentPartyTaken,
        Self::EnrolmentKeyTaken,
        Self::ScopeNotAllowed,
        Self::LeaseExhausted,
        Self::LeaseRequestConflict,
        Self::LeasePartInvalid,
        Self::LeasePartConflict,
        Self::ReceiptUnknown,
        Self::LeaseCountTooLarge,
        Self::LeaseExpired,
        Self::EnrolmentKeyUnsuitable,
        Self::EnrolmentProofInvalid,
        Self::EnrolmentPartyMismatch,
        Self::ScopeDivision,
        Self::ScopeItem,
        Self::ScopeAuthorNotCarried,
        Self::EpochChanged,
        Self::LogForked,
        Self::LogRolledBack,
        Self::LogNotIncluded,
        Self::LogReceiptLost,
        Self::EdgeLinkDown,
        Self::EdgeAnswerLost,
        Self::EdgeFull,
        Self::SidecarTokenInvalid,
        Self::EdgeKeyNotLookedUp,
        Self::IdentityTokenInvalid,
        Self::IdentityStateMismatch,
        Self::IdentityKeysUnavailable,
        Self::IdentityLoginRequired,
        Self::IdentityTokenExpired,
        Self::IdentityAssuranceTooLow,
        Self::IdentityDenied,
        Self::IdentitySignInExpired,
        Self::IdentityMandateEnded,
        Self::IdentityBindingConflict,
        Self::IdentityNotOffered,
        Self::IdentityProviderFailed,
        Self::ClientUnreachable,
        Self::ClientTimeout,
        Self::ClientBadAnswer,
        Self::ClientClosed,
        Self::ClientConfiguration,
        Self::ClientSigningFailed,
        Self::ClientTls,
        Self::StoreCorrupt,
        Self::StoreFull,
        Self::StoreBusy,
        Self::StoreNewerVersion,
        Self::StoreFailed,
        Self::StoreConflict,
        Self::StoreInvalidChange,
        Self::StoreNotAStore,
        Self::ClientConnectionLost,
        Self::ClientCancelled,
        Self::ClientUnknownInboxEntry,
        Self::ClientMaterialChanged,
        Self::ClientMaterialUnreadable,
        Self::ClientUnknownMaterial,
        Self::InternalDefect,
        Self::PlatformUnavailable,
        Self::PlatformVersionUnsupported,
        Self::PlatformNotImplemented,
        Self::InternalUnknownCode,
    ];
}

impl ErrorCode {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The code of these letters, such as `case.conflict_lost`; `None` for one of a newer registry.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }

    /// The stable code as it travels.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The stable number, for the telephone.
    #[must_use]
    pub fn number(self) -> u16 {
        self.row().number
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        self.row().kind
    }

    /// The status of an HTTP answer that carries it.
    #[must_use]
    pub fn http_status(self) -> u16 {
        self.row().http_status
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(self) -> Retry {
        self.row().retry
    }

    /// What became of the request.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        self.row().outcome
    }

    /// Names of the parameters that come with it.
    #[must_use]
    pub fn params(self) -> &'static [&'static str] {
        self.row().params
    }

    /// What it means, in one sentence without its parameters.
    #[must_use]
    pub fn title(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().zh.0,
            Language::English => self.row().en.0,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn action(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().zh.1,
            Language::English => self.row().en.1,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_code(&text).ok_or_else(|| serde::de::Error::custom("no such word"))
    }
}

impl Retry {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::SameRequest => "same_request",
            Self::AfterDelay => "after_delay",
            Self::AfterChange => "after_change",
        }
    }

    /// The value of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "never" => Some(Self::Never),
            "same_request" => Some(Self::SameRequest),
            "after_delay" => Some(Self::AfterDelay),
            "after_change" => Some(Self::AfterChange),
            _ => None,
        }
    }
}

impl serde::Serialize for Retry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> serde::Deserialize<'de> for Retry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_word(&text).ok_or_else(|| serde::de::Error::custom("no such word"))
    }
}

impl Outcome {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Applied => "applied",
        }
    }

    /// The value of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "not_sent" => Some(Self::NotSent),
            "rejected" => Some(Self::Rejected),
            "unknown" => Some(Self::Unknown),
            "applied" => Some(Self::Applied),
            _ => None,
        }
    }
}

impl serde::Serialize for Outcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> serde::Deserialize<'de> for Outcome {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_word(&text).ok_or_else(|| serde::de::Error::custom("no such word"))
    }
}
