// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension MetricsTable {
    private static let resultLabel = MetricDescription.Label("result", values: RequestResult.allCases.map(\.rawValue))

    /// Requests answered.
    public static let requests = MetricDescription(
        "gyre_requests_total",
        .counter,
        labels: [resultLabel],
        help: "Requests answered, by where the answer came from"
    )
    /// Time from a request's last head byte to the last byte of its answer.
    public static let requestDuration = MetricDescription(
        "gyre_request_duration_seconds",
        .histogram,
        .seconds,
        labels: [resultLabel],
        help: "Time from the end of a request's head to the last byte of the answer"
    )
    /// Bytes of bodies sent to clients.
    public static let responseBytes = MetricDescription(
        "gyre_response_bytes_total",
        .counter,
        .bytes,
        help: "Bytes of response bodies sent to clients"
    )
    static let requestRows = [requests, requestDuration, responseBytes]

    /// Requests sent to origins.
    public static let originRequests = MetricDescription("gyre_origin_requests_total", .counter, help: "Requests sent to origins")
    /// Bytes of bodies received from origins.
    public static let originResponseBytes = MetricDescription(
        "gyre_origin_response_bytes_total",
        .counter,
        .bytes,
        help: "Bytes of response bodies received from origins"
    )
    /// Requests to origins that failed.
    public static let originErrors = MetricDescription(
        "gyre_origin_errors_total",
        .counter,
        labels: [.init("reason")],
        help: "Requests to origins that failed, by reason"
    )
    static let originRows = [originRequests, originResponseBytes, originErrors]

    /// Client connections that are open.
    public static let clientConnections = MetricDescription("gyre_client_connections", .gauge, help: "Client connections that are open")
    /// Client connections accepted.
    public static let clientConnectionsAccepted = MetricDescription(
        "gyre_client_connections_total",
        .counter,
        help: "Client connections accepted"
    )
    /// Tunnels that are open.
    public static let tunnels = MetricDescription(
        "gyre_tunnels",
        .gauge,
        help: "Tunnels that are open: CONNECT, or a connection that changed its protocol"
    )
    /// Tunnels that began.
    public static let tunnelsBegun = MetricDescription("gyre_tunnels_total", .counter, help: "Tunnels that began")
    /// Bytes that tunnels passed on.
    public static let tunnelBytes = MetricDescription(
        "gyre_tunnel_bytes_total",
        .counter,
        .bytes,
        labels: [.init("towards", values: ["client", "origin"])],
        help: "Bytes that tunnels passed on, by where they went"
    )
    static let connectionRows = [clientConnections, clientConnectionsAccepted, tunnels, tunnelsBegun, tunnelBytes]

    /// Messages refused for what is in them.
    public static let wireErrors = MetricDescription(
        "gyre_wire_errors_total",
        .counter,
        labels: [.init("reason")],
        help: "Requests and origin responses refused for their syntax or size, by reason"
    )
    /// Responses that were not stored.
    public static let notStored = MetricDescription(
        "gyre_not_stored_total",
        .counter,
        labels: [.init("reason")],
        help: "Responses passed on without being stored, by reason"
    )
    /// Well-formed requests that were refused.
    public static let refusals = MetricDescription(
        "gyre_refused_requests_total",
        .counter,
        labels: [.init("reason")],
        help: "Well-formed requests that were refused: by access, by a rule, as a loop, or for their pace, by reason"
    )
    static let refusalRows = [wireErrors, refusals, notStored]

    /// Lines of the access log that were written.
    public static let logLines = MetricDescription("gyre_access_log_lines_total", .counter, help: "Lines written to the access log")
    /// Bytes of the access log that were written.
    public static let logBytes = MetricDescription("gyre_access_log_bytes_total", .counter, .bytes, help: "Bytes written to the access log")
    /// Lines of the access log that were dropped.
    public static let logDropped = MetricDescription(
        "gyre_access_log_dropped_lines_total",
        .counter,
        labels: [.init("reason", values: DroppedLine.allCases.map(\.rawValue))],
        help: "Lines that the access log lacks, by reason"
    )
    /// Failures of the access log's target.
    public static let logErrors = MetricDescription(
        "gyre_access_log_errors_total",
        .counter,
        labels: [.init("operation", values: LogTargetError.Operation.allCases.map(\.rawValue))],
        help: "Operations on the access log's target that failed, by operation"
    )
    /// Series that the metrics page lacks.
    public static let droppedSeries = MetricDescription(
        "gyre_metrics_dropped_series_total",
        .counter,
        labels: [.init("reason", values: DroppedSeries.allCases.map(\.rawValue))],
        help: "Times that a series was refused a place on this page, by reason"
    )
    /// What is running.
    public static let buildInfo = MetricDescription(
        "gyre_build_info",
        .gauge,
        labels: [.init("version")],
        help: "Always 1; the label tells which version runs"
    )
    static let ownRows = [logLines, logBytes, logDropped, logErrors, droppedSeries, buildInfo]
}
