// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// LMDB as an object cache, step by step as `store-bench objects` does it: memory-mapped, so always through the page cache. Synced when a
// batch of puts is over and not before (a cache may lose its last seconds); 32 puts a transaction.

#include <lmdb.h>
#include <sys/stat.h>

#include "driver.h"

struct Lmdb : Cache {
    MDB_env *env = nullptr;
    MDB_dbi dbi = 0;
    MDB_txn *writing = nullptr;
    int batch = 0;
    std::string path;
    explicit Lmdb(std::string p) : path(p) {}

    void open() override {
        mkdir(path.c_str(), 0700);
        check(mdb_env_create(&env));
        check(mdb_env_set_mapsize(env, size_t(64) << 30));
        check(mdb_env_set_maxreaders(env, 64));
        check(mdb_env_open(env, path.c_str(), MDB_NOSYNC | MDB_NOMETASYNC | MDB_NORDAHEAD | MDB_NOTLS, 0600));
        MDB_txn *txn;
        check(mdb_txn_begin(env, nullptr, 0, &txn));
        check(mdb_dbi_open(txn, nullptr, 0, &dbi));
        check(mdb_txn_commit(txn));
    }
    void close() override {
        mdb_env_close(env);
        env = nullptr;
    }
    void put(const std::string &key, const char *value, size_t count) override {
        if (!writing) check(mdb_txn_begin(env, nullptr, 0, &writing));
        MDB_val k{key.size(), (void *)key.data()}, v{count, (void *)value};
        check(mdb_put(writing, dbi, &k, &v, 0));
        if (++batch % 32 == 0) commit();
    }
    void commit() {
        if (writing) check(mdb_txn_commit(writing));
        writing = nullptr;
    }
    void flush() override {
        commit();
        check(mdb_env_sync(env, 1));
    }
    bool get(const std::string &key, size_t *count) override {
        MDB_txn *txn;
        check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn));
        MDB_val k{key.size(), (void *)key.data()}, v{};
        int status = mdb_get(txn, dbi, &k, &v);
        if (status == 0) {
            // A hit ends with the bytes in the reader's hands, as in the others.
            thread_local std::vector<char> copy(65536);
            memcpy(copy.data(), v.mv_data, v.mv_size);
            *count = v.mv_size;
        } else if (status != MDB_NOTFOUND) {
            check(status);
        }
        mdb_txn_abort(txn);
        return status == 0;
    }
    static void check(int status) {
        if (status) {
            fprintf(stderr, "lmdb: %s\n", mdb_strerror(status));
            exit(1);
        }
    }
};

int main(int argc, char **argv) {
    Options options(argc, argv);
    std::string path = options.text("directory", "/tmp") + "/lmdb";
    Lmdb lmdb(path);
    run(lmdb, "lmdb", path, options);
}
