// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// RocksDB as an object cache, step by step as `store-bench objects` does it. Values in blob files, as its authors advise for this size;
// no compression, no log (a cache may lose its last seconds), a small block cache beside its filters and indexes.

#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "driver.h"

struct Rocks : Cache {
    rocksdb::DB *db = nullptr;
    std::string path;
    bool direct;
    Rocks(std::string p, bool d) : path(p), direct(d) {}

    void open() override {
        rocksdb::Options o;
        o.create_if_missing = true;
        o.compression = rocksdb::kNoCompression;
        o.enable_blob_files = true;
        o.min_blob_size = 4096;
        o.write_buffer_size = 64 << 20;
        o.max_background_jobs = 2;
        o.use_direct_reads = direct;
        o.use_direct_io_for_flush_and_compaction = direct;
        o.max_open_files = -1;
        rocksdb::BlockBasedTableOptions t;
        t.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
        t.block_cache = rocksdb::NewLRUCache(32 << 20);
        o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(t));
        check(rocksdb::DB::Open(o, path, &db));
    }
    void close() override {
        check(db->Close());
        delete db;
        db = nullptr;
    }
    void put(const std::string &key, const char *value, size_t count) override {
        rocksdb::WriteOptions w;
        w.disableWAL = true;
        check(db->Put(w, key, rocksdb::Slice(value, count)));
    }
    void flush() override {
        check(db->Flush(rocksdb::FlushOptions()));
    }
    bool get(const std::string &key, size_t *count) override {
        rocksdb::PinnableSlice slice;
        rocksdb::ReadOptions r;
        r.verify_checksums = true;
        rocksdb::Status s = db->Get(r, db->DefaultColumnFamily(), key, &slice);
        if (s.IsNotFound()) return false;
        check(s);
        *count = slice.size();
        return true;
    }
    static void check(const rocksdb::Status &s) {
        if (!s.ok()) {
            fprintf(stderr, "rocksdb: %s\n", s.ToString().c_str());
            exit(1);
        }
    }
};

int main(int argc, char **argv) {
    Options options(argc, argv);
    std::string path = options.text("directory", "/tmp") + "/rocksdb";
    bool direct = options.number("direct", 1) != 0;
    Rocks rocks(path, direct);
    run(rocks, direct ? "rocksdb, direct" : "rocksdb", path, options);
}
