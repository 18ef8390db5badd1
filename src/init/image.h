/* The tiny programs as bytes: finished ELF files that meson.build makes and embeds. */
#ifndef ROOTLET_INIT_IMAGE_H
#define ROOTLET_INIT_IMAGE_H

extern const unsigned char init_image[];
extern const unsigned long init_image_size;

extern const unsigned char waiter_image[];
extern const unsigned long waiter_image_size;

extern const unsigned char monitor_image[];
extern const unsigned long monitor_image_size;

extern const unsigned char client_image[];
extern const unsigned long client_image_size;

#endif
