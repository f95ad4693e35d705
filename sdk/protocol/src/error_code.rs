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
    /// `event.id_conflict`: The id was used for other content.
    EventIdConflict,
    /// `event.sequence_gap`: An earlier event is missing.
    EventSequenceGap,
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
    /// `case.revision_ahead`: The event states a revision that does not exist yet.
    CaseRevisionAhead,
    /// `case.actor_not_allowed`: This party may not cause the event.
    CaseActorNotAllowed,
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
    /// `bill.void`: The bill is void.
    BillVoid,
    /// `bill.wrong_party`: The bill belongs to another party.
    BillWrongParty,
    /// `refund.unknown`: The refund is not known, which proves nothing.
    RefundUnknown,
    /// `refund.id_conflict`: The refund's id was used for other content.
    RefundIdConflict,
    /// `payment.not_queued`: The link is down and queueing was not asked for.
    PaymentNotQueued,
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
    /// `identifier.part`: A part of the code has no such value.
    IdentifierPart,
    /// `identifier.unknown_set`: The code set is not known.
    IdentifierUnknownSet,
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
    /// `epoch.unknown`: The epoch is not known.
    EpochUnknown,
    /// `receipt.unknown`: There is no receipt for this record yet.
    ReceiptUnknown,
    /// `identity.sign_in_failed`: Signing in failed.
    IdentitySignInFailed,
    /// `identity.token_invalid`: The identity token is not acceptable.
    IdentityTokenInvalid,
    /// `identity.state_mismatch`: The answer does not belong to this sign-in.
    IdentityStateMismatch,
    /// `identity.keys_unavailable`: The identity provider's keys were never fetched.
    IdentityKeysUnavailable,
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
    /// `internal.defect`: Something is wrong on our side.
    InternalDefect,
    /// `platform.unavailable`: The platform is not ready.
    PlatformUnavailable,
}

// One row a line, like the table it is.
#[rustfmt::skip]
static ROWS: &[Row] = &[
Row { code: "request.malformed_json", number: 1001, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("请求体不是合法的 JSON", "请以 UTF-8 编码发送一个完整的 JSON 值。"), en: ("The body is not JSON", "Send one JSON value in UTF-8.") },
Row { code: "request.not_utf8", number: 1002, kind: ErrorKind::InvalidInput, http_status: 400, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("文本不是 UTF-8 编码", "请先转换编码，常见原因是误用 GBK。"), en: ("The text is not UTF-8", "Convert it first; GBK is a common cause.") },
Row { code: "request.wrong_type", number: 1003, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expected"], zh: ("字段类型不对", "请按规范给出该字段的类型。"), en: ("A value has the wrong type", "Give the value the type that the schema states.") },
Row { code: "request.missing_field", number: 1004, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("缺少必填字段", "请补上路径所指的字段。"), en: ("A required field is missing", "Add the field named by the path.") },
Row { code: "request.invalid_value", number: 1005, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expected"], zh: ("字段取值不合要求", "请按所示格式填写。"), en: ("A value is not acceptable", "Give a value of the stated form.") },
Row { code: "request.too_large", number: 1006, kind: ErrorKind::Limit, http_status: 413, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit_bytes"], zh: ("消息超过大小上限", "请拆分消息，附件请按材料上传。"), en: ("The message is too large", "Split it, or send attachments as materials.") },
Row { code: "request.batch_too_large", number: 1007, kind: ErrorKind::Limit, http_status: 413, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["limit"], zh: ("一批记录过多", "请减少每批记录数。"), en: ("The batch holds too many records", "Send fewer records at once.") },
Row { code: "request.unknown_route", number: 1008, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("没有这个地址", "请核对路径与协议版本。"), en: ("There is no such address", "Check the path and the protocol version.") },
Row { code: "request.method_not_allowed", number: 1009, kind: ErrorKind::InvalidInput, http_status: 405, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("该地址不支持此方法", "请按路由表使用方法。"), en: ("The address does not know this method", "Use the method of the route table.") },
Row { code: "request.media_type", number: 1010, kind: ErrorKind::Unsupported, http_status: 415, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("内容类型不是 application/json", "请以 application/json 发送。"), en: ("The content type is not application/json", "Send application/json.") },
Row { code: "request.rate_limited", number: 1011, kind: ErrorKind::Limit, http_status: 429, retry: Retry::AfterDelay, outcome: Outcome::Rejected, params: &[], zh: ("请求过于频繁", "请按 Retry-After 等待。"), en: ("Too many requests", "Wait as Retry-After says.") },
Row { code: "request.empty_batch", number: 1012, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("批次为空", "每批至少一条记录。"), en: ("The batch is empty", "Send at least one record.") },
Row { code: "signature.missing", number: 2001, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("请求没有签名", "请发送 Signature-Input、Signature 与 Content-Digest 头。"), en: ("The request is not signed", "Send Signature-Input, Signature and Content-Digest.") },
Row { code: "signature.malformed", number: 2002, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["step"], zh: ("签名头无法解析", "请使用固定的组成项，签名为 64 字节的 base64。"), en: ("The signature headers cannot be read", "Use the fixed list of components and 64 bytes in base64.") },
Row { code: "signature.unknown_key", number: 2003, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥未登记", "请先登记密钥，或核对密钥编号。"), en: ("The key is not known", "Enrol the key, or correct the key id.") },
Row { code: "signature.mismatch", number: 2004, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid", "step", "bytes", "cause"], zh: ("验签不通过", "请将所签字节与提示的字节逐一比对。"), en: ("The signature does not verify", "Compare your signed bytes with those shown.") },
Row { code: "signature.stale", number: 2005, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &["created", "now"], zh: ("请求签名时间超出允许范围", "请按响应的 Date 头校正时钟后重新签名。"), en: ("The hop signature is too old or from the future", "Correct the clock by the Date header and sign again.") },
Row { code: "signature.replayed", number: 2006, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &[], zh: ("随机数已被使用", "请用新的随机数重新签名。"), en: ("The nonce was used before", "Sign again with a fresh nonce.") },
Row { code: "signature.digest_mismatch", number: 2007, kind: ErrorKind::Integrity, http_status: 401, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &[], zh: ("Content-Digest 与请求体不符", "请按实际发送的字节计算摘要。"), en: ("Content-Digest does not fit the body", "Compute it over the bytes that are sent.") },
Row { code: "signature.key_revoked", number: 2008, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥已吊销", "请登记新密钥。"), en: ("The key is revoked", "Enrol a new key.") },
Row { code: "signature.key_not_valid", number: 2009, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥不在有效期内", "请用登记密钥更新。"), en: ("The key is outside its validity", "Renew the key with the enrolment key.") },
Row { code: "signature.wrong_use", number: 2010, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["keyid"], zh: ("密钥用途不符", "请使用登记为该用途的密钥。"), en: ("The key is not for this use", "Sign with a key enrolled for this use.") },
Row { code: "signature.receipt_invalid", number: 2011, kind: ErrorKind::Integrity, http_status: 502, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("平台回执验签不通过", "该回执不作数，记录将重新发送。"), en: ("The platform's receipt does not verify", "It is not counted; the record is sent again.") },
Row { code: "event.id_conflict", number: 3001, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一编号对应了不同内容", "请排查程序缺陷，新事件须用新编号。"), en: ("The id was used for other content", "Look for a defect; a new event needs a new id.") },
Row { code: "event.sequence_gap", number: 3002, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &["missing"], zh: ("缺少前序事件", "请先发送所指的事件。"), en: ("An earlier event is missing", "Send the named event first.") },
Row { code: "event.sequence_reused", number: 3003, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &["sequence"], zh: ("序号已被占用", "数据库可能被复制或恢复，请启用新的存续期。"), en: ("The sequence number is already taken", "The store was copied or restored: begin a new incarnation.") },
Row { code: "event.wrong_party", number: 3004, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("事件来源与签名方不符", "请用来源所指一方的密钥签名。"), en: ("The event's source is not the signer", "Sign with a key of the party named in source.") },
Row { code: "event.unknown_kind", number: 3005, kind: ErrorKind::Unsupported, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["type"], zh: ("未知的事件类型", "请使用办件状态表中的类型。"), en: ("The kind of event is not known", "Use a kind of the table of case life.") },
Row { code: "event.replacement_invalid", number: 3006, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("没有可替代的被拒事件", "只能在原序号上替代或放弃被拒绝的事件。"), en: ("It replaces nothing that was refused", "Only a refused event can be superseded or abandoned, at its own sequence.") },
Row { code: "case.transition_impossible", number: 3101, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["state", "event"], zh: ("办件当前状态不允许此操作", "请核对办件状态，替代或放弃该事件。"), en: ("The case's state does not allow this event", "Look at the case's state and supersede or abandon the event.") },
Row { code: "case.conflict_lost", number: 3102, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["with"], zh: ("其他系统的操作先到且优先", "请重新读取办件后再决定。"), en: ("Another system's event came first and wins", "Read the case again and decide anew.") },
Row { code: "case.unknown", number: 3103, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("没有这个办件", "请核对编号，申请可能尚未送达。"), en: ("The case is not known", "Check the id; the application may still be on its way.") },
Row { code: "case.number_invalid", number: 3104, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("办件编号不在本系统的号段内", "只能使用本系统租用的号段。"), en: ("The case number was not leased to this producer", "Take numbers only from your own leases.") },
Row { code: "case.number_taken", number: 3105, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("办件编号已被使用", "请取号段中的下一个号。"), en: ("The case number is already in use", "Take the next number of the lease.") },
Row { code: "case.correction_uncited", number: 3106, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("补正内容未引用办事指南", "每条须引用办事指南中的材料或条件，不得另行要求。"), en: ("A line of the notice cites nothing of the published guide", "Cite a material or condition of the guide; nothing else may be demanded.") },
Row { code: "case.material_missing", number: 3107, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["material"], zh: ("缺少必需材料", "请补充办事指南列明的材料。"), en: ("A required material is missing", "Add the material that the guide names.") },
Row { code: "case.revision_ahead", number: 3108, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::SameRequest, outcome: Outcome::Rejected, params: &["revision"], zh: ("声明的办件版本尚不存在", "请填写实际看到的办件版本。"), en: ("The event states a revision that does not exist yet", "State the revision that was really seen.") },
Row { code: "case.actor_not_allowed", number: 3109, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该方无权发起此操作", "请查看办件状态表中的操作主体。"), en: ("This party may not cause the event", "See who may cause it in the table of case life.") },
Row { code: "bill.id_conflict", number: 4001, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一账单编号对应了不同内容", "内容变更请新建账单并使用新编号。"), en: ("The bill's id was used for other content", "A changed bill is a new bill with a new id.") },
Row { code: "bill.unknown", number: 4002, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("查无此账单，但不能证明不存在", "账单可能仍在途中，须以查封查询确认不存在。"), en: ("The bill is not known, which proves nothing", "It may still be on its way; only a fencing query answers ABSENT.") },
Row { code: "bill.too_late", number: 4003, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("账单到达时已过 not_after", "请新建账单。"), en: ("The bill came after its not_after", "Make a new bill.") },
Row { code: "bill.amount_mismatch", number: 4004, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["stated", "computed"], zh: ("明细合计与金额不符", "金额等于明细之和，滞纳金另列。"), en: ("The lines do not add up to the amount", "Amount is the sum of the lines; late fees stand apart.") },
Row { code: "bill.fenced", number: 4005, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("该编号已被查封，永久拒绝", "请使用新编号新建账单。"), en: ("The id was fenced: it is refused for ever", "Make a new bill with a new id.") },
Row { code: "bill.already_paid", number: 4006, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("账单已缴款", "请退款，不能作废。"), en: ("The bill is paid", "Refund it instead of voiding it.") },
Row { code: "bill.not_paid", number: 4007, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("账单未缴款", "未缴款的账单请作废，不能退款。"), en: ("The bill is not paid", "Only paid money can be refunded; an unpaid bill is voided.") },
Row { code: "bill.refund_exceeds_paid", number: 4008, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["paid", "refunded"], zh: ("累计退款将超过实缴金额", "退款不得超过剩余金额。"), en: ("The refunds would exceed what was paid", "Refund at most the rest.") },
Row { code: "bill.void", number: 4009, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("账单已作废", "请新建账单。"), en: ("The bill is void", "Make a new bill.") },
Row { code: "bill.wrong_party", number: 4010, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("账单属于其他单位", "只有开单方可以操作。"), en: ("The bill belongs to another party", "Only its author may act on it.") },
Row { code: "refund.unknown", number: 4101, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("查无此退款，但不能证明不存在", "退款可能仍在途中。"), en: ("The refund is not known, which proves nothing", "It may still be on its way.") },
Row { code: "refund.id_conflict", number: 4102, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一退款编号对应了不同内容", "内容变更须使用新编号。"), en: ("The refund's id was used for other content", "A changed refund needs a new id.") },
Row { code: "payment.not_queued", number: 4103, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("链路中断且未要求排队", "请稍后再试，或指定 not_after 排队。"), en: ("The link is down and queueing was not asked for", "Try again, or ask for queueing with a not_after.") },
Row { code: "item.unknown", number: 5001, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["code", "version"], zh: ("目录中没有该事项及版本", "请在现行目录中查找事项。"), en: ("The catalogue has no such item and version", "Find the item in the current catalogue.") },
Row { code: "item.not_in_force", number: 5002, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["code", "version"], zh: ("事项版本未生效或已废止", "请使用现行版本。"), en: ("The item's version is not in force", "Use the version in force.") },
Row { code: "item.division_mismatch", number: 5003, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该区划不办理此事项", "请选择事项的办理区划。"), en: ("The item is not handled in this division", "Choose a division that the item serves.") },
Row { code: "item.target_mismatch", number: 5004, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("申请人类型不在服务对象内", "请核对服务对象。"), en: ("The item is not for this kind of applicant", "Check the service targets.") },
Row { code: "item.form_field_missing", number: 5005, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["field"], zh: ("表单缺少必填项", "请填写该项。"), en: ("A required field of the form is missing", "Fill in the field.") },
Row { code: "catalogue.unknown_base", number: 5101, kind: ErrorKind::NotFound, http_status: 410, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("无法提供自该快照以来的变更", "请重新获取完整快照。"), en: ("Changes since that snapshot are not kept", "Fetch the whole snapshot.") },
Row { code: "catalogue.not_mirrored", number: 5102, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("尚未同步事项目录", "请先与平台连接一次。"), en: ("No catalogue has been mirrored yet", "Connect once to the platform.") },
Row { code: "identifier.length", number: 5201, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expected", "actual"], zh: ("代码长度不对", "请核对位数。"), en: ("The code has the wrong length", "Count its characters.") },
Row { code: "identifier.character", number: 5202, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["position", "character"], zh: ("代码含有不允许的字符", "请查看所指位置，常见原因是全角字符。"), en: ("The code has a character that is not allowed", "Look at the position named; full-width characters are a common cause.") },
Row { code: "identifier.check", number: 5203, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["expected", "actual"], zh: ("校验位不符", "请与证件原件核对，可由经办人确认后放行并留痕。"), en: ("The check character does not fit", "Compare with the original; a human may override and is recorded.") },
Row { code: "identifier.date", number: 5204, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("代码中的日期不存在", "请与证件原件核对。"), en: ("The code contains a date that does not exist", "Compare with the original.") },
Row { code: "identifier.part", number: 5205, kind: ErrorKind::InvalidInput, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["part", "value"], zh: ("代码的某一段取值不存在", "请核对所指的段。"), en: ("A part of the code has no such value", "Check the part named.") },
Row { code: "identifier.unknown_set", number: 5206, kind: ErrorKind::Unsupported, http_status: 422, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["set"], zh: ("未知的代码集", "请注明登记的代码集及版本。"), en: ("The code set is not known", "Name a set and generation of the registry.") },
Row { code: "enrolment.code_invalid", number: 6001, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("接入码错误、已使用或已过期", "请向市级平台重新申领。"), en: ("The enrolment code is wrong, used or expired", "Ask the city for a new one.") },
Row { code: "enrolment.party_taken", number: 6002, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("该接入方已登记", "请用其登记密钥更新密钥。"), en: ("The party is enrolled already", "Renew its keys with its enrolment key.") },
Row { code: "enrolment.key_taken", number: 6003, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("密钥编号已被使用", "请更换密钥编号。"), en: ("The key id is in use", "Choose another key id.") },
Row { code: "scope.not_allowed", number: 6101, kind: ErrorKind::Forbidden, http_status: 403, retry: Retry::Never, outcome: Outcome::Rejected, params: &["scope"], zh: ("超出接入方的授权范围", "请向市级平台申请扩大授权。"), en: ("The party's scope does not cover this", "Ask the city to extend the scope.") },
Row { code: "lease.exhausted", number: 6201, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("办件编号已用尽且无法连接平台", "请连接平台以租用新号段。"), en: ("No case number is left and the platform cannot be reached", "Connect once so that a new block is leased.") },
Row { code: "lease.request_conflict", number: 6202, kind: ErrorKind::Conflict, http_status: 409, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("同一租号请求编号对应了不同请求", "请使用新的请求编号。"), en: ("The lease request's id was used for another request", "Use a new request id.") },
Row { code: "epoch.unknown", number: 6301, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::Never, outcome: Outcome::Rejected, params: &[], zh: ("未知的平台纪元", "请读取当前纪元。"), en: ("The epoch is not known", "Read the current epoch.") },
Row { code: "receipt.unknown", number: 6302, kind: ErrorKind::NotFound, http_status: 404, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("该记录尚无回执", "请发送该记录。"), en: ("There is no receipt for this record yet", "Send the record.") },
Row { code: "identity.sign_in_failed", number: 7001, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["reason"], zh: ("登录失败", "请重新登录。"), en: ("Signing in failed", "Begin the sign-in again.") },
Row { code: "identity.token_invalid", number: 7002, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &["reason"], zh: ("身份令牌不可用", "请重新登录，并核对时钟与客户端编号。"), en: ("The identity token is not acceptable", "Sign in again; check clock and client id.") },
Row { code: "identity.state_mismatch", number: 7003, kind: ErrorKind::Unauthenticated, http_status: 401, retry: Retry::AfterChange, outcome: Outcome::Rejected, params: &[], zh: ("登录应答与本次请求不符", "请重新登录，应答可能被伪造。"), en: ("The answer does not belong to this sign-in", "Begin again; somebody may have forged the answer.") },
Row { code: "identity.keys_unavailable", number: 7004, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::NotSent, params: &[], zh: ("尚未获取身份认证平台的公钥", "请先连接一次统一身份认证平台。"), en: ("The identity provider's keys were never fetched", "Connect once to the identity provider.") },
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
Row { code: "internal.defect", number: 9001, kind: ErrorKind::Internal, http_status: 500, retry: Retry::SameRequest, outcome: Outcome::Unknown, params: &[], zh: ("系统内部错误", "请反馈请求编号。"), en: ("Something is wrong on our side", "Report the request id.") },
Row { code: "platform.unavailable", number: 9002, kind: ErrorKind::Unavailable, http_status: 503, retry: Retry::AfterDelay, outcome: Outcome::Unknown, params: &[], zh: ("平台暂不可用", "系统会自动重试。"), en: ("The platform is not ready", "It is tried again by itself.") },
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
        Self::EventIdConflict,
        Self::EventSequenceGap,
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
        Self::CaseRevisionAhead,
        Self::CaseActorNotAllowed,
        Self::BillIdConflict,
        Self::BillUnknown,
        Self::BillTooLate,
        Self::BillAmountMismatch,
        Self::BillFenced,
        Self::BillAlreadyPaid,
        Self::BillNotPaid,
        Self::BillRefundExceedsPaid,
        Self::BillVoid,
        Self::BillWrongParty,
        Self::RefundUnknown,
        Self::RefundIdConflict,
        Self::PaymentNotQueued,
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
        Self::IdentifierPart,
        Self::IdentifierUnknownSet,
        Self::EnrolmentCodeInvalid,
        Self::EnrolmentPartyTaken,
        Self::EnrolmentKeyTaken,
        Self::ScopeNotAllowed,
        Self::LeaseExhausted,
        Self::LeaseRequestConflict,
        Self::EpochUnknown,
        Self::ReceiptUnknown,
        Self::IdentitySignInFailed,
        Self::IdentityTokenInvalid,
        Self::IdentityStateMismatch,
        Self::IdentityKeysUnavailable,
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
        Self::InternalDefect,
        Self::PlatformUnavailable,
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
