package exchange

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"shapan/layers"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// encodingOf returns the encoding of a name; nil is UTF-8.
func encodingOf(name string) (encoding.Encoding, error) {
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(strings.TrimSpace(name))) {
	case "utf8", "65001":
		return nil, nil
	case "gbk", "gb18030", "gb2312", "cp936", "936", "ansi936", "ms936", "54936":
		return simplifiedchinese.GB18030, nil // contains the others
	case "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), nil
	case "iso88591", "88591", "latin1", "1252", "cp1252", "ansi1252", "windows1252":
		return charmap.Windows1252, nil
	}
	return nil, layers.Invalid("encoding", "text encoding %q: expected utf-8, gbk, gb18030 or auto", short(name))
}

// textFile opens a file of text as UTF-8, without its byte order mark. isGB tells that it was turned from GB 18030, where
// a byte that is none becomes U+FFFD.
func textFile(path string, o Options) (open func() (io.Reader, error), file *os.File, isGB bool, err error) {
	file, err = os.Open(path)
	if err != nil {
		return nil, nil, false, err
	}
	var enc encoding.Encoding
	if o.Encoding == "" || strings.EqualFold(o.Encoding, "auto") {
		enc, err = sniff(file)
	} else {
		enc, err = encodingOf(o.Encoding)
	}
	if err != nil {
		return nil, nil, false, errors.Join(err, file.Close())
	}
	open = func() (io.Reader, error) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		if enc != nil {
			return transform.NewReader(file, enc.NewDecoder()), nil
		}
		head := make([]byte, 3)
		n, err := io.ReadFull(file, head)
		if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
			return nil, err
		}
		return io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))), file), nil
	}
	return open, file, enc == simplifiedchinese.GB18030, nil
}

// sniff returns the encoding of a text from all its bytes: UTF-16 by its mark, UTF-8 where most of what is not ASCII is
// UTF-8 (a few bad bytes are bad rows), GB 18030 otherwise. nil is UTF-8.
func sniff(r io.Reader) (encoding.Encoding, error) {
	var c census
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if c.good+c.bad+c.ascii == 0 && n >= 2 && (buf[0] == 0xff && buf[1] == 0xfe || buf[0] == 0xfe && buf[1] == 0xff) {
			return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), nil
		}
		c.count(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if c.isUTF8() {
		return nil, nil
	}
	return simplifiedchinese.GB18030, nil
}

// census counts what a text is made of.
type census struct {
	ascii, good, bad int    // bytes of ASCII, characters of UTF-8 beyond it, bytes that are neither
	tail             []byte // the beginning of a character whose end has not come
}

func (c *census) count(p []byte) {
	p = append(c.tail, p...)
	for i := 0; i < len(p); {
		if p[i] < utf8.RuneSelf {
			c.ascii++
			i++
			continue
		}
		if !utf8.FullRune(p[i:]) {
			c.tail = append([]byte(nil), p[i:]...)
			return
		}
		r, size := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && size == 1 {
			c.bad++
		} else {
			c.good++
		}
		i += size
	}
	c.tail = nil
}

func (c *census) isUTF8() bool { return c.bad+len(c.tail) == 0 || c.good > 10*c.bad }
