// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

/// The real server between a real nginx and a real curl. One test at a time: each wants the whole machine.
@Suite(.serialized)
enum EndToEnd {}
