// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import CyclicStore
import HTTPCaching
import HTTPTypes
import NIOCore
import Synchronization

/// A purge as an operator asks for it.
public struct PurgeRequest: Sendable, Hashable {
    /// What is purged.
    public enum Subject: Sendable, Hashable {
        /// A URL with all its variants.
        case url(String)
        /// What was stored with this tag: of `Surrogate-Key` or `Cache-Tag`.
        case tag(String)
        /// The members of a cache group of an origin, given as a URL (RFC 9875).
        case group(String, origin: String)
        /// All URLs that begin so.
        case prefix(String)
        /// All that is stored.
        case everything
    }

    /// What is purged.
    public var subject: Subject
    /// Whether it is gone, or to be validated before it is used again.
    public var mode: PurgeMode

    /// A purge from its parts.
    public init(_ subject: Subject, mode: PurgeMode = .hard) {
        self.subject = subject
        self.mode = mode
    }
}

/// Why a purge was refused.
public enum PurgeRefusal: String, Error, Sendable {
    /// The URL is no http or https URL with a host.
    case notAURL = "not-a-url"
    /// A tag or group without a letter.
    case empty
}

extension ProxyServer {
    /// Purges. In effect for every request that comes after it has begun; when it returns, it is as durable as the outcome says.
    public func purge(_ request: PurgeRequest) async throws(PurgeRefusal) -> PurgeOutcome {
        var outcomes: [PurgeOutcome] = []
        for subject in try purging.subjects(of: request.subject) {
            outcomes.append(
                await withCheckedContinuation { continuation in
                    purging.purge(subject, mode: request.mode) { continuation.resume(returning: $0) }
                }
            )
        }
        return .least(of: outcomes)
    }
}

extension PurgeOutcome {
    /// Of several purges the least durable is what they are together.
    public static func least(of outcomes: [PurgeOutcome]) -> PurgeOutcome {
        [.refused, .notDurable, .memoryOnly, .durable].first { outcomes.contains($0) } ?? .durable
    }
}

/// How URLs become keys, the same for requests, purges and invalidations.
struct URLRules: Sendable {
    let base: CacheKeyRules
    var rules: RuleSet?
    private let hasOrigin: Bool
    private let isForward: Bool

    init(_ configuration: ProxyConfiguration) {
        base = configuration.keyRules
        rules = configuration.rules
        hasOrigin = configuration.origin != nil
        isForward = configuration.forward != nil
    }

    /// What people mean by a URL. A site is asked in clear text, whatever ends its TLS before it, and so its keys begin with http; only what a forward proxy
    /// has fetched has https in its key.
    func meant(by uri: TargetURI) -> [TargetURI] {
        guard uri.scheme == .https else { return [uri] }
        let named = isForward ? [uri] : []
        return hasOrigin || !isForward ? [uri.inClearText] + named : named
    }

    func key(of uri: TargetURI) -> [UInt8] { CacheKey.bytes(of: uri, rules: rules?.keyRules(for: uri, base: base) ?? base) }
}

/// Carries purges out: the marks that lookups compare with, and the store.
final class Purging: Sendable {
    let marks = PurgeMarks()
    private let store: CyclicStore

    private struct State {
        var rules: URLRules
        /// Whether keys have, or had, parts besides their targets: then what is stored for a URL stands under several keys.
        var keysHaveParts: Bool
    }

    private let state: Mutex<State>

    init(store: CyclicStore, rules: URLRules, keysHaveParts: Bool) {
        self.store = store
        state = Mutex(State(rules: rules, keysHaveParts: keysHaveParts))
    }

    var rules: URLRules { state.withLock { $0.rules } }
    private var keysHaveParts: Bool { state.withLock { $0.keysHaveParts } }

    func reload(_ rules: RuleSet?) {
        state.withLock { state in
            state.rules.rules = rules
            if rules?.addsKeyParts ?? false { state.keysHaveParts = true }
        }
    }

    /// The same normal form for purges as for requests.
    func subjects(of subject: PurgeRequest.Subject) throws(PurgeRefusal) -> [PurgeSubject] {
        let rules = rules
        switch subject {
        case .url(let text):
            guard let uri = TargetURI(text) else { throw .notAURL }
            return rules.meant(by: uri).map { .key(rules.key(of: $0)) }
        case .prefix(let text):
            guard let uri = TargetURI(text) else { throw .notAURL }
            // A query in a prefix is compared as it is; parameters cannot be sorted or stripped when the last one may be half a name.
            var pathRules = CacheKeyRules()
            pathRules.path = rules.base.path
            return rules.meant(by: uri).map { .prefix(CacheKey.bytes(of: $0, rules: pathRules)) }
        case .tag(let tag):
            guard !tag.isEmpty else { throw .empty }
            return [.tag(Array(tag.utf8))]
        case .group(let name, let origin):
            guard !name.isEmpty else { throw .empty }
            guard let uri = TargetURI(origin) else { throw .notAURL }
            return rules.meant(by: uri).map { .tag(PurgeSubject.group(name, origin: $0.originBytes)) }
        case .everything: return [.everything]
        }
    }

    func purge(_ subject: PurgeSubject, mode: PurgeMode, completion: @escaping @Sendable (PurgeOutcome) -> Void) {
        marks.mark(subject, soft: mode == .soft, now: Clock.timestamp())
        switch subject {
        case .key(let key):
            // Variants and parts stand under keys of their own, and are found by the tag that names their URL.
            if mode == .hard { store.remove(store.key(key)) }
            store.purge(.tag(PurgeSubject.url(key)), mode: mode, completion)
        case .tag(let tag): store.purge(.tag(tag), mode: mode, completion)
        case .prefix(let prefix): store.purge(.prefix(prefix), mode: mode, completion)
        case .everything: store.purge(.everything, mode: mode, completion)
        }
    }

    /// What shares a group with a response that an unsafe request is about to make invalid is invalid too (RFC 9875 §2.2.1), and nothing beyond: groups do
    /// not lead to other groups. Of variants those are looked at that have an entity tag or are the request's own.
    ///
    /// What lies in memory counts at once, what lies on the disk when it has been read.
    func invalidateGroups(of key: StoreKey, origin: [UInt8], selecting fields: HTTPFields) {
        store.get(key) { [self] lookup in
            guard let object = lookup.object else { return }
            if let marker = object as? VariantMarker {
                let names =
                    marker.variants.map { marker.variantKey($0.name) } + marker.specifications.map { marker.variantKey($0, for: fields) }
                for name in Set(names) { invalidateGroups(of: store.key(name), origin: origin, selecting: fields) }
            } else if let head = FoundVariant(object, .memory, isStale: false)?.head {
                for group in CacheGroups.groups(of: head.fields) { invalidate(.tag(PurgeSubject.group(group, origin: origin))) }
            }
        }
    }

    /// An unsafe request has made responses invalid. Whoever asked gets the answer without waiting for the disk.
    func invalidate(_ subject: PurgeSubject) {
        marks.mark(subject, soft: false, now: Clock.timestamp())
        switch subject {
        case .key(let key):
            store.remove(store.key(key))
            store.remove(store.key(RequestKey.headAnswer(key)))
            if keysHaveParts { store.purge(.tag(PurgeSubject.url(key))) }
        case .tag(let tag): store.purge(.tag(tag))
        case .prefix(let prefix): store.purge(.prefix(prefix))
        case .everything: store.purge(.everything)
        }
    }
}
