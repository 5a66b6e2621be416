// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// What the drivers of the rivals have in common: the same objects, the same steps and the same output as `store-bench objects`.

#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

struct Cache {
    virtual ~Cache() = default;
    virtual void open() = 0;
    virtual void close() = 0;
    virtual void put(const std::string &key, const char *value, size_t count) = 0;
    /// Makes everything put so far durable.
    virtual void flush() = 0;
    virtual bool get(const std::string &key, size_t *count) = 0;
};

struct Options {
    std::map<std::string, std::string> values;
    Options(int argc, char **argv) {
        for (int i = 1; i < argc; i++)
            if (char *equals = strchr(argv[i], '=')) values[std::string(argv[i], equals)] = equals + 1;
    }
    std::string text(const char *name, const char *standard) const {
        auto found = values.find(name);
        return found == values.end() ? standard : found->second;
    }
    long number(const char *name, long standard) const {
        auto found = values.find(name);
        return found == values.end() ? standard : atol(found->second.c_str());
    }
};

struct Random {
    uint64_t state;
    uint64_t next() {
        state += 0x9e3779b97f4a7c15ull;
        uint64_t mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
        return mixed ^ (mixed >> 31);
    }
    size_t below(size_t limit) { return next() % limit; }
};

static inline uint64_t now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return uint64_t(t.tv_sec) * 1000000000ull + t.tv_nsec;
}

static inline double processor() {
    rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6 + u.ru_stime.tv_sec + u.ru_stime.tv_usec / 1e6;
}

static inline double resident() {
    long total = 0, pages = 0;
    if (FILE *file = fopen("/proc/self/statm", "r")) {
        if (fscanf(file, "%ld %ld", &total, &pages) != 2) pages = 0;
        fclose(file);
    }
    return pages * 4096.0;
}

static inline std::string key_of(size_t number, bool absent) {
    std::string key = absent ? "http://www.example.com/none/" : "http://www.example.com/some/";
    for (int i = 0; i < 10; i++, number /= 10) key += char('0' + number % 10);
    return key;
}

static inline void each_file(const std::string &path, void (*act)(const std::string &)) {
    DIR *folder = opendir(path.c_str());
    if (!folder) return;
    while (dirent *entry = readdir(folder))
        if (entry->d_name[0] != '.') act(path + "/" + entry->d_name);
    closedir(folder);
}

static inline void drop_cache(const std::string &file) {
    int fd = open(file.c_str(), O_RDONLY);
    if (fd < 0) return;
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static inline void run(Cache &cache, const char *subject, const std::string &path, const Options &options) {
    auto remove_file = [](const std::string &file) { unlink(file.c_str()); };
    each_file(path, remove_file);
    size_t count = options.number("count", 50000), depth = options.number("depth", 8);
    double seconds = options.number("seconds", 4);
    std::vector<char> noise(4 << 20);
    Random fill{42};
    for (size_t i = 0; i < noise.size(); i += 8) {
        uint64_t word = fill.next();
        memcpy(&noise[i], &word, 8);
    }
    cache.open();
    Random sizes{1};
    size_t bytes = 0;
    double cpu = processor();
    uint64_t start = now();
    for (size_t number = 0; number < count; number++) {
        size_t size = 16384 + sizes.below(49153);
        bytes += size;
        cache.put(key_of(number, false), &noise[number % 1024 * 2048], size);
    }
    cache.flush();
    each_file(path, [](const std::string &file) {
        int fd = open(file.c_str(), O_RDONLY);
        fsync(fd);
        close(fd);
    });
    double elapsed = (now() - start) / 1e9;
    printf("{\"bench\": \"objects\", \"subject\": \"%s\", \"putMBPerSecond\": %f, \"putProcessorUs\": %f}\n", subject, bytes / elapsed / 1e6,
           (processor() - cpu) * 1e6 / count);
    double memory = resident();
    cache.close();
    each_file(path, drop_cache);
    start = now();
    cache.open();
    size_t got = 0;
    if (!cache.get(key_of(17, false), &got)) abort();
    printf("{\"bench\": \"objects\", \"subject\": \"%s\", \"restartMs\": %f, \"residentMB\": %f}\n", subject, (now() - start) / 1e6,
           memory / 1e6);
    for (int absent = 0; absent < 2; absent++) {
        cpu = processor();
        start = now();
        uint64_t end = start + uint64_t(seconds * 1e9);
        std::vector<std::vector<uint32_t>> samples(depth);
        std::atomic<size_t> found{0};
        std::vector<std::thread> threads;
        for (size_t worker = 0; worker < depth; worker++)
            threads.emplace_back([&, worker] {
                Random random{worker + start};
                while (now() < end) {
                    std::string key = key_of(random.below(count), absent);
                    uint64_t begin = now();
                    size_t got = 0;
                    if (cache.get(key, &got)) found++;
                    samples[worker].push_back(uint32_t(now() - begin));
                }
            });
        for (auto &thread : threads) thread.join();
        elapsed = (now() - start) / 1e9;
        std::vector<uint32_t> all;
        for (auto &part : samples) all.insert(all.end(), part.begin(), part.end());
        std::sort(all.begin(), all.end());
        if (absent ? found != 0 : found != all.size()) abort();
        const char *prefix = absent ? "miss" : "hit";
        printf("{\"bench\": \"objects\", \"subject\": \"%s\", \"%sPerSecond\": %f, \"%sP50us\": %f, \"%sP99us\": %f, \"%sProcessorUs\": %f}\n",
               subject, prefix, all.size() / elapsed, prefix, all[all.size() / 2] / 1e3, prefix, all[all.size() * 99 / 100] / 1e3, prefix,
               (processor() - cpu) / all.size() * 1e6);
    }
    cache.close();
    each_file(path, remove_file);
    rmdir(path.c_str());
}
