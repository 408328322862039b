// title: Linking window of the on-board unit, source extract
// revision: 3.6.1-r4
// valid_from: 2026-05-11
// vehicle_classes: 425
// baselines: 3.6.1

#include <stdint.h>
#include <stdbool.h>

#define STATUS_OUTPUTS_DIFFER 0x8A100010u
#define LOCATION_TOLERANCE_CM 500      /* fixed part: 5 m */
#define ODOMETER_PERMILLE     50       /* relative part: 5 % */

typedef struct {
    uint32_t group;          /* balise group that is announced */
    int32_t  distance_cm;    /* from the last group */
    uint8_t  reaction;       /* 0 train trip, 1 service brake, 2 none */
} linking_t;

/* The window opens before and closes behind the announced place. A group that is read outside it counts as
   missed AND as unexpected; the reaction is that of the announced group. */
bool in_window(const linking_t *announced, int32_t travelled_cm)
{
    int32_t half = LOCATION_TOLERANCE_CM + announced->distance_cm * ODOMETER_PERMILLE / 1000;
    int32_t error = travelled_cm - announced->distance_cm;
    return error <= half && -error <= half;
}

const char *linking_fault(const linking_t *announced, int32_t travelled_cm, bool telegram_complete)
{
    if (!telegram_complete)
        return "OBU-6104";
    return in_window(announced, travelled_cm) ? "" : "OBU-6202";
}
