// title: Diagnosis port of the object controller, source extract
// revision: 1.6
// valid_from: 2025-11-24
// baselines: IXL 8

#include <stdint.h>

enum {
    DIAG_WATCHDOG_P1 = 0x93020001,
    DIAG_WATCHDOG_P2 = 0x93020002,
    DIAG_REFERENCE   = 0x93020100,
    DIAG_NO_CONFIG   = 0x93021000,
    DIAG_NO_TIME     = 0x93200001
};

/* The signaller's workplace has only eight bits; several words share one signal code. */
uint8_t signal_code(uint32_t word)
{
    switch (word) {
    case DIAG_WATCHDOG_P1:
    case DIAG_WATCHDOG_P2:
    case DIAG_NO_CONFIG:
        return 0x80;      /* safe state after a start */
    case DIAG_REFERENCE:
        return 0x81;      /* shown as an output fault: misleading, see the release notes */
    default:
        return 0x00;
    }
}

/* Restarts are counted over a sliding day; the fourth one stops the cabinet for good. */
int may_restart(const uint32_t *restarts, int count, uint32_t now)
{
    int recent = 0;
    for (int i = 0; i < count; i++)
        recent += now - restarts[i] < 86400u;
    return recent < 4;
}
