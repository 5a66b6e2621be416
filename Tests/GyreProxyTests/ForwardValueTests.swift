// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import Testing

@testable import GyreProxy

@Suite struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1",
        "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1",
    ])
    func `is not public`(text: String) throws {
        #expect(!AddressGuard.isPublic(try #require(IPAddress(text))))
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.1.1.1", "128.0.0.1", "169.253.1.1", "172.15.1.1",
        "172.32.0.1", "192.167.1.1", "192.169.1.1", "198.17.1.1", "198.20.1.1", "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::808:808",
        "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2002:808:808::1",
    ])
    func `is public`(text: String) throws {
        #expect(AddressGuard.isPublic(try #require(IPAddress(text))))
    }

    @Test func `what is allowed is allowed in every way of writing it, and the proxy itself never`() throws {
        var judge = AddressGuard()
        judge.allowed = ["10.1.0.0/16", "127.0.0.0/8"].compactMap { AddressRange($0) }
        judge.ownPorts = [8080]
        judge.ownAddresses = ["192.0.2.7"].compactMap { AddressRange($0) }
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::"] {
            #expect(judge.refusal(try #require(IPAddress(text)), port: 80) == nil, "\(text)")
        }
        #expect(judge.refusal(try #require(IPAddress("10.2.0.1")), port: 80) == .notPublic)
        for text in ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "192.0.2.7", "::ffff:192.0.2.7"] {
            #expect(judge.refusal(try #require(IPAddress(text)), port: 8080) == .own, "\(text)")
        }
        #expect(judge.refusal(try #require(IPAddress("127.0.0.1")), port: 81) == nil)
    }

    @Test func `short and octal forms are no addresses`() {
        for text in ["127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "1.2.3.4.5", "", "::g", "[::1]"] { #expect(IPAddress(text) == nil) }
    }
}

@Suite struct TunnelStateTests {
    @Test func `each side ends by itself, and both together end the tunnel`() {
        for side in TunnelState.Side.allCases {
            var state = TunnelState()
            var taken = [state.received(3, from: side)]
            #expect(state.reads(side, otherIsWritable: true) && !state.reads(side, otherIsWritable: false))
            var actions = [state.inputEnded(side), state.inputEnded(side)]
            taken.append(state.received(1, from: side))
            #expect(!state.reads(side, otherIsWritable: true) && state.reads(side.other, otherIsWritable: true))
            taken.append(state.received(2, from: side.other))
            actions += [state.inputEnded(side.other), state.closed(side), state.stop(.idle)]
            #expect(actions == [.halfClose(side.other), .none, .close(.finished), .none, .none])
            #expect(taken == [true, false, true])
            #expect(!state.reads(side.other, otherIsWritable: true) && [state.clientBytes, state.originBytes].sorted() == [2, 3])
        }
    }

    @Test func `a side that is gone ends the tunnel, with what it said before`() {
        for side in TunnelState.Side.allCases {
            var (broken, finished, idle) = (TunnelState(), TunnelState(), TunnelState())
            _ = finished.inputEnded(side)
            let actions = [broken.closed(side), finished.closed(side), idle.stop(.idle)]
            #expect(actions == [.close(.broken), .close(.finished), .close(.idle)] && idle.over == .idle)
            let isTaken = idle.received(1, from: side)
            #expect(!isTaken)
        }
    }
}

@Suite struct UserTableTests {
    @Test func `a hash is written, read and matched`() throws {
        let hash = try PasswordHash(of: "pässword:1", rounds: 1000)
        let read = try #require(PasswordHash(hash.text))
        #expect(read == hash && read.matches(Array("pässword:1".utf8)) && !read.matches(Array("password:1".utf8)))
        #expect(try PasswordHash(of: "pässword:1", rounds: 1000) != hash)
    }

    @Test func `the hash is that of RFC 8018, as other programs make it`() {
        let other = "pbkdf2-sha256$4096$c2FsdFNBTFRzYWx0U0FMVA==$+3z5k69IDeqdjEs/7udMy2mWGVsJaY4WzRVqG14jpvk="
        #expect(PasswordHash(other)?.matches(Array("Password".utf8)) == true)
        #expect(PasswordHash(other)?.matches(Array("password".utf8)) == false)
    }

    @Test(arguments: [
        ("anna", 1, "no name before a colon"), ("\n:x", 2, "no name before a colon"), ("a:plain", 1, "the hash of a is none"),
        ("a:pbkdf2-sha256$1$AAAAAAAAAAA=$AAAA", 1, "the hash of a is none"), ("a:pbkdf2-sha256$1000$AAAAAAAAAAA=$AAAA", 1, "the hash of a"),
    ])
    func `what is wrong in a file is said with its line`(text: String, line: Int, says: String) throws {
        let problem = #expect(throws: UserTable.Problem.self) { try UserTable(text: text) }
        #expect(problem?.line == line && problem?.text.hasPrefix(says) == true)
    }

    @Test func `a user named twice is refused, comments are not read`() throws {
        let hash = try PasswordHash(of: "a", rounds: 1000).text
        #expect(throws: UserTable.Problem.self) { try UserTable(text: "a:\(hash)\na:\(hash)") }
        #expect(try UserTable(text: "# a:b\n\n").isEmpty)
    }

    @Test(arguments: [
        ("Basic YTpi", "a", "b"), ("basic  YTpi", "a", "b"), ("Basic YTpiOmM=", "a", "b:c"), ("Basic Og==", "", ""),
    ])
    func `credentials are read`(value: String, user: String, password: String) throws {
        let credentials = try #require(BasicCredentials(value))
        #expect(credentials.user == user && credentials.password == Array(password.utf8))
    }

    @Test(arguments: ["", "Basic", "Basic YQ==", "Digest YTpi", "Basic ***", "Basic //8="])
    func `what are no credentials is nil`(value: String) { #expect(BasicCredentials(value) == nil) }
}

@Suite struct ForwardListTests {
    @Test func `ports`() throws {
        let ports = try #require(PortList(["80", "1000-2000"]))
        #expect([80, 1000, 1500, 2000].allSatisfy(ports.contains) && ![79, 81, 999, 2001].contains(where: ports.contains))
        for bad in ["0", "65536", "20-10", "a", "", "1-", "-1", "+5"] { #expect(PortList([bad]) == nil, "\(bad)") }
    }

    @Test func `hosts`() throws {
        let name = try #require(HostPattern("Example.org"))
        #expect(name.matches("example.org") && !name.matches("www.example.org"))
        let below = try #require(HostPattern("*.example.org"))
        #expect(below.matches("a.b.example.org") && !below.matches("example.org") && !below.matches("badexample.org"))
        #expect(HostPattern("*")?.matches("anything") == true)
        for bad in ["", "a*", "*a", "*.", "a b", "a/b"] { #expect(HostPattern(bad) == nil, "\(bad)") }
    }

    @Test(arguments: [
        ("a.example", 80, "a.example", 80), ("A.Example.:8080", 80, "a.example", 8080), ("[::1]", 443, "::1", 443),
        ("[::1]:81", 80, "::1", 81), ("a:", 80, "a", 80),
    ])
    func `destinations`(authority: String, byDefault: Int, host: String, port: Int) throws {
        let destination = try #require(Destination(authority: Array(authority.utf8), defaultPort: byDefault, usesTLS: false))
        #expect(destination.host == host && destination.port == port)
    }
}
