/* SPDX-License-Identifier: GPL-2.0 */
#define bool _Bool
#define PAGE_SIZE 4096UL
#define EINVAL 22
#define LIMIT 9

enum colour { RED, GREEN };

struct pair;
int sample(struct pair *p, int a, int b, unsigned long addr);
void swap(struct pair *p);
void use(struct pair *p, unsigned long addr, enum colour colour, int a, int b);
void used(void);

/* A statement of a macro's own is no place for a mutant. */
#define use(...) do { used(); (use)(__VA_ARGS__); } while (0)
